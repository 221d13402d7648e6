//! A request to the control port of a running `sim paper`, and how it can fail.
//!
//! Not here: what is asked (`control`), what an answer looks like (`show`).
//! Invariant: the token goes to an address of this machine only, and into no message.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use crate::cli::failure::UsageError;
use crate::cli::terminal::one_line;
use crate::live::control::{self, token};
use crate::live::intake::secret::Secret;
use crate::settings::live::Live;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(2);
/// Time to an answer: the port gives up on the run earlier.
const ANSWER: Duration = Duration::from_secs(15);
/// Most bytes of an answer.
const ANSWER_BYTES: usize = 4 * 1_024 * 1_024;

/// What is asked.
pub(super) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    /// How many messages are wanted.
    pub(super) count: Option<u16>,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &[&'a str]) -> Self {
        Self {
            method: Method::GET,
            path: path.to_vec(),
            count: None,
        }
    }

    pub(super) fn post(path: &[&'a str]) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path)
        }
    }
}

/// Whom to ask.
pub(super) struct Caller {
    addr: SocketAddr,
    token_file: PathBuf,
    token: Secret,
}

impl Caller {
    /// # Errors
    /// When the configuration has no control port, or its token cannot be read.
    pub(super) fn of(live: &Live) -> anyhow::Result<Self> {
        let addr = live.control.ok_or_else(|| {
            UsageError(
                "live.control.listen is empty: a run of this configuration cannot be asked\nhint: give the -c and --set that sim paper was started with"
                    .to_owned(),
            )
        })?;
        control::local(addr).map_err(UsageError)?;
        let token_file = control::token_file(&live.journal);
        let token = token::read(&token_file)?;
        Ok(Self {
            addr,
            token_file,
            token,
        })
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// When nothing listens there, what listens is no `sim paper` or another one, or the run refuses.
    pub(super) fn ask(&self, call: &Call<'_>) -> anyhow::Result<Value> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (status, text) = runtime.block_on(self.send(call))?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| self.stranger(&text))?;
        let reason = || match answer.get("reason").and_then(Value::as_str) {
            Some(reason) => anyhow!("{}", reason.to_owned()),
            None => self.stranger(&text),
        };
        match status {
            StatusCode::OK => Ok(answer),
            StatusCode::BAD_REQUEST => Err(reason()),
            StatusCode::UNAUTHORIZED => Err(anyhow!(
                "{}: the run that listens there does not know the token of {}\nhint: it keeps another journal: give the -c and --set it was started with",
                self.addr,
                self.token_file.display()
            )),
            StatusCode::SERVICE_UNAVAILABLE => {
                let hint = "sim status shows how it stands, its log says why it is slow";
                Err(reason().context(format!("{}: no answer of the run\nhint: {hint}", self.addr)))
            }
            other => Err(reason().context(format!("{}: {other}", self.addr))),
        }
    }

    /// The error for an answer that `sim paper` does not give.
    pub(super) fn stranger(&self, text: &str) -> anyhow::Error {
        anyhow!(
            "{}: answered '{}', which is no answer of sim paper\nhint: another program or another version may listen there",
            self.addr,
            one_line(text)
        )
    }

    async fn send(&self, call: &Call<'_>) -> anyhow::Result<(StatusCode, String)> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let request = client
            .request(call.method.clone(), self.url(call)?)
            .header(AUTHORIZATION, self.pass()?);
        let mut response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.failed(error))? {
            body.extend_from_slice(&part);
            if body.len() > ANSWER_BYTES {
                return Err(self.stranger("more than 4 MiB"));
            }
        }
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    fn url(&self, call: &Call<'_>) -> anyhow::Result<Url> {
        let mut url = Url::parse(&format!("http://{}/", self.addr))?;
        for part in &call.path {
            // Such names mean folders in an address.
            if matches!(part.trim(), "" | "." | "..") {
                return Err(UsageError(format!(
                    "'{part}' is no contract\nhint: sim positions lists those with a position"
                ))
                .into());
            }
        }
        url.path_segments_mut()
            .map_err(|()| anyhow!("{}: no address of a control port", self.addr))?
            .clear()
            .extend(&call.path);
        if let Some(count) = call.count {
            url.query_pairs_mut()
                .append_pair("count", &count.to_string());
        }
        Ok(url)
    }

    /// The header with the token; it is shown in no debug output.
    fn pass(&self) -> anyhow::Result<HeaderValue> {
        let value = [b"Bearer ", self.token.bytes()].concat();
        let mut value = HeaderValue::from_bytes(&value)?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn failed(&self, error: reqwest::Error) -> anyhow::Error {
        if error.is_connect() {
            return anyhow!(
                "{}: nothing listens there\nhint: sim paper is not running, or with another live.control.listen",
                self.addr
            );
        }
        let slow = error.is_timeout();
        let what = if slow {
            "no answer in time".to_owned()
        } else {
            error.without_url().to_string()
        };
        anyhow!(
            "{}: {what}\nhint: look whether it was done before it is repeated: sim status",
            self.addr
        )
    }
}
