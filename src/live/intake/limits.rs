//! How much of everything is taken in.
//!
//! Not here: what happens beyond a limit (each source says). Figures are those of `reliability.md` 5.4 and 5.5 unless
//! another source stands beside them.

use std::time::Duration;

/// Longest line, longest HTTP body, in bytes.
pub const LINE_BYTES: usize = 64 * 1024;
/// Deepest nesting of a message, its text-in-text content counted from zero again.
pub const DEPTH: usize = 32;
/// Most keys of one message, over all its objects.
pub const KEYS: usize = 256;
/// Most connections at once, of the bridge and of HTTP each.
pub const CONNECTIONS: usize = 64;
/// Connections beyond [`CONNECTIONS`] that may wait [`BUSY_WAIT`] for a place; further ones are turned away at once. The
/// original's client does not read `busy`: a burst of its one-line connections should find a place a moment later.
pub const WAITING: usize = 64;
/// Time to a connection's first full line, or to the end of a request's head, and again of its body.
pub const FIRST_LINE: Duration = Duration::from_secs(10);
/// Time between full lines after the first. Twice the 30 s of 5.4: a sender may keep its connection over quiet minutes
/// only by sending.
pub const IDLE: Duration = Duration::from_secs(60);
/// How long a message waits for a place in the queue before its sender hears `busy`.
pub const BUSY_WAIT: Duration = Duration::from_millis(250);
/// How long a sender's connection waits for a verdict. A journal that syncs slower than this is a broken disk.
pub const VERDICT_WAIT: Duration = Duration::from_secs(5);
/// How long answers may take to be read by a client that asked for them.
pub const WRITE_WAIT: Duration = Duration::from_secs(5);
/// How long the end of all sources may take.
pub const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long a verdict is still waited for once the end was asked for.
pub const STOP_VERDICT: Duration = Duration::from_millis(500);
/// Messages of one connection, file or request that wait for verdicts together.
pub const IN_FLIGHT: usize = 64;
/// Messages whose acceptance was confirmed and that are known again without asking the runner. At 100 new messages a
/// second (the flood of the load test) that is eleven minutes of repeats in about 10 MB.
pub const RECENT: usize = 65_536;
/// Longest id in bytes; the feed's have 5, our own by hand about 40.
pub const ID_BYTES: usize = 128;
/// Longest name of a coin in bytes; the exchange's longest contract has 20 letters.
pub const NAME_BYTES: usize = 64;
/// Largest head of a request, in bytes.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Furthest a request's time may be from ours unless configured.
pub const WINDOW: Duration = Duration::from_secs(30);
/// Furthest that may be configured.
pub const WINDOW_MAX: Duration = Duration::from_secs(300);
/// Signed requests remembered within the window; at 300 s that is 218 a second.
pub const SIGNED: usize = 65_536;
/// Shortest secret: 128 bits.
pub const SECRET_BYTES_MIN: usize = 16;
/// Largest file of a secret or a token.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;
/// How often a followed file is looked at.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// Most bytes of a followed file taken at one look before its lines are handed on.
pub const FOLLOW_BYTES: usize = 256 * 1024;
/// Largest answer of the feed; its pages have about 50 KB.
pub const FEED_BYTES: usize = 4 * 1024 * 1024;
/// How often the feed is asked (`valuescan.md` section 6).
pub const FEED_EVERY: Duration = Duration::from_secs(10);
/// How long an answer of the feed may take (`valuescan.md` section 6).
pub const FEED_TIMEOUT: Duration = Duration::from_secs(15);
/// Failures in a row before the feed is left alone for [`FEED_PAUSE`] (`valuescan.md` section 6).
pub const FEED_FAILURES: u32 = 5;
/// How long (`valuescan.md` section 6).
pub const FEED_PAUSE: Duration = Duration::from_secs(60);
/// Ids of the feed remembered here; both lists together hold about 100 at a time.
pub const FEED_IDS: usize = 10_000;
/// At most one line of log per source and reason in this time.
pub const LOG_EVERY: Duration = Duration::from_secs(1);
