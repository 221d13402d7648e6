//! The exchange asked before a run begins: its time, its list of contracts. What passes is waited for: an exchange that
//! is not there yet, a limit, a ban, an answer that is none.
//!
//! Not here: what is made of the list (`listing`), the streams (`doors`).
//! Invariant: nothing is asked during a ban.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::watch;

use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::address::{Address, Purpose};
use crate::exchange::binance::clock::Clock;
use crate::exchange::binance::offset;
use crate::exchange::binance::rest::{Rest, RestConfig, RestError};
use crate::live::clock::{self, ExchangeClock, machine_time};
use crate::live::paper::Time;
use crate::settings::live::{ClockKind, Live};

/// How far the machine's clock may be from the exchange's.
const OFFSET_MAX: Span = Span::from_millis(60_000);

/// How long the exchange is waited for at the start; the end of a limit or a ban is waited for whatever it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Time between two measurements of the clock.
const MEASURE_EVERY: Duration = Duration::from_secs(300);

/// Questions of one measurement.
const QUESTIONS: usize = 5;

/// The exchange before a run.
pub(super) struct Reach<'a> {
    pub(super) live: &'a Live,
    pub(super) rest: Rest,
    pub(super) stop: watch::Receiver<bool>,
}

impl<'a> Reach<'a> {
    pub(super) fn of(live: &'a Live, stop: watch::Receiver<bool>) -> anyhow::Result<Self> {
        let base = Address::parse(&live.market.rest, Purpose::Rest)?;
        let rest = Rest::new(RestConfig::new(base))?;
        Ok(Self { live, rest, stop })
    }

    /// Asks until there is an answer, or none is to be expected.
    async fn ask<T, F>(&mut self, call: impl Fn() -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Result<T, RestError>>,
    {
        let began = clock::instant();
        loop {
            let wrong = match call().await {
                Ok(answer) => return Ok(answer),
                Err(wrong) => wrong,
            };
            let pause = match &wrong {
                RestError::Throttled { until, .. } => {
                    tracing::warn!(%wrong, "waiting for the end of a limit");
                    let left = (*until - self.rest.clock().now()).millis();
                    PAUSE + Duration::from_millis(u64::try_from(left).unwrap_or(0))
                }
                RestError::Status { .. } if !wrong.is_passing() => return Err(wrong.into()),
                RestError::Status { .. }
                | RestError::Unreachable { .. }
                | RestError::Timeout { .. }
                | RestError::Malformed { .. }
                | RestError::TooLarge { .. } => {
                    if began.elapsed() >= PATIENCE {
                        return Err(wrong).with_context(|| format!("no exchange at {}\nhint: live.market.rest names it; for the local market server start `sim market serve` first", self.live.market.rest));
                    }
                    tracing::info!(rest = self.live.market.rest, %wrong, "waiting for the exchange");
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.stop.changed() => bail!("interrupted while waiting for the exchange"),
            }
        }
    }

    /// The run's clock and the time it shows.
    pub(super) async fn clock(&mut self) -> anyhow::Result<(Time, Timestamp)> {
        let rest = self.rest.clone();
        let first = self.ask(|| rest.time()).await?;
        if self.live.market.clock == ClockKind::Stream {
            return Ok((Time::Stream(rest), first));
        }
        let machine = Clock::new(machine_time);
        let measured = self
            .ask(|| offset::measure(&rest, &machine, QUESTIONS))
            .await?;
        if measured.ahead > OFFSET_MAX || measured.ahead < Span::from_millis(-OFFSET_MAX.millis()) {
            bail!(
                "this machine's clock is {} ms from the exchange's\nhint: set the clock; for `sim market serve` use live.market.clock = \"stream\"",
                measured.ahead.millis()
            );
        }
        let now = machine_time() + measured.ahead;
        tracing::info!(
            ahead_ms = measured.ahead.millis(),
            error_ms = measured.error.millis(),
            "clock measured"
        );
        let clock = Arc::new(ExchangeClock::set_to(now));
        tokio::spawn(keep_time(rest, Arc::clone(&clock)));
        Ok((Time::Wall(clock), now))
    }

    /// The list of contracts as the exchange wrote it, once it can be read; asked first, because it states the limit.
    pub(super) async fn contracts(&mut self) -> anyhow::Result<String> {
        let rest = self.rest.clone();
        let text = self.ask(|| rest.contracts_told()).await;
        let text = text.map(|(text, _)| text);
        text.context("the exchange's list of contracts")
    }
}

/// Measures the offset again and again.
async fn keep_time(rest: Rest, clock: Arc<ExchangeClock>) {
    loop {
        tokio::time::sleep(MEASURE_EVERY).await;
        match offset::measure(&rest, &Clock::new(machine_time), QUESTIONS).await {
            Ok(measured) => clock.correct(machine_time(), measured.ahead),
            Err(error) => tracing::warn!(%error, "the clock could not be measured"),
        }
    }
}
