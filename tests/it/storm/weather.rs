//! Which faults a seed has and how often, and the count of which fault met which state of protection.
//!
//! Not here: what a fault does (`exchange`).

use confluence::domain::random::Random;
use confluence::trader::Protection;

/// What can go wrong between trader and exchange, and at the exchange itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A request never arrives.
    DropRequest,
    /// A request is executed, its answer is lost.
    DropAnswer,
    /// A fill or an end is never told.
    DropNews,
    /// An answer or news comes twice.
    Repeat,
    /// A request arrives late, but in time.
    DelayRequest,
    /// An answer or news comes late and out of order.
    DelayNews,
    /// A request arrives after the receive window and is refused.
    Late,
    /// Refused: the trigger would fire now.
    RejectTrigger,
    /// Refused: too many requests.
    RejectThrottled,
    /// Refused with a code nobody knows.
    RejectOther,
    /// An entry executes in pieces or only in part.
    PartialEntry,
    /// An exit executes in pieces or only in part.
    PartialExit,
    /// The link is down for a while.
    Disconnect,
    /// The trader dies and is rebuilt from its journal.
    Restart,
    /// The exchange takes a resting stop away.
    StopCanceled,
    /// The exchange closes the position.
    ClosedByExchange,
    /// A query does not see an order that was accepted.
    QueryLag,
}

impl Fault {
    pub(crate) const ALL: [Self; 17] = [
        Self::DropRequest,
        Self::DropAnswer,
        Self::DropNews,
        Self::Repeat,
        Self::DelayRequest,
        Self::DelayNews,
        Self::Late,
        Self::RejectTrigger,
        Self::RejectThrottled,
        Self::RejectOther,
        Self::PartialEntry,
        Self::PartialExit,
        Self::Disconnect,
        Self::Restart,
        Self::StopCanceled,
        Self::ClosedByExchange,
        Self::QueryLag,
    ];

    /// Chance in a thousand at full strength, per occasion.
    const fn strength(self) -> u64 {
        match self {
            Self::DropRequest | Self::DropAnswer | Self::RejectOther => 150,
            Self::RejectTrigger => 120,
            Self::RejectThrottled => 200,
            Self::DropNews => 250,
            Self::Repeat => 400,
            Self::DelayRequest | Self::DelayNews => 300,
            Self::Late => 80,
            Self::PartialEntry | Self::PartialExit => 600,
            Self::QueryLag => 300,
            // Per tick of half a second.
            Self::Disconnect | Self::ClosedByExchange => 40,
            Self::StopCanceled => 60,
            // Per event heard.
            Self::Restart => 30,
        }
    }
}

/// All states of protection, in order.
pub(crate) const STATES: [Protection; 8] = [
    Protection::Flat,
    Protection::Entering,
    Protection::Arming,
    Protection::Stopped,
    Protection::Bracketed,
    Protection::Reduced,
    Protection::Leaving,
    Protection::Sweeping,
];

/// Chances of one seed, in thousandths.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    chances: [u64; Fault::ALL.len()],
}

impl Weather {
    /// A swarm: each seed has its own subset of faults, each with its own strength.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::stream(seed, &[1]);
        let share = 1 + random.below(4);
        let chances = Fault::ALL.map(|fault| {
            if random.below(4) < share {
                1 + random.below(fault.strength())
            } else {
                0
            }
        });
        Self { chances }
    }

    /// No fault at all.
    pub(crate) const fn calm() -> Self {
        Self {
            chances: [0; Fault::ALL.len()],
        }
    }

    pub(crate) fn strikes(&self, fault: Fault, random: &mut Random) -> bool {
        let chance = self.chances[fault as usize];
        chance > 0 && random.below(1000) < chance
    }
}

/// How often each fault met each state of protection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matrix {
    counts: [[u64; STATES.len()]; Fault::ALL.len()],
}

impl Matrix {
    pub(crate) fn met(&mut self, fault: Fault, state: Protection) {
        self.counts[fault as usize][state as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (row, more) in self.counts.iter_mut().zip(&other.counts) {
            for (count, more) in row.iter_mut().zip(more) {
                *count += more;
            }
        }
    }

    pub(crate) fn print(&self) {
        let heads: Vec<String> = STATES.iter().map(|state| format!("{state:?}")).collect();
        println!(
            "{:17}{}",
            "",
            heads
                .iter()
                .map(|head| format!("{head:>10}"))
                .collect::<String>()
        );
        for (fault, row) in Fault::ALL.iter().zip(&self.counts) {
            let cells: String = STATES
                .iter()
                .zip(row)
                .map(|(state, count)| match unreachable(*fault, *state) {
                    Some(_) => format!("{:>10}", format!("({count})")),
                    None => format!("{count:>10}"),
                })
                .collect();
            println!("{:17}{cells}", format!("{fault:?}"));
        }
    }

    /// Cells that can be reached and were met less often than `least`.
    pub(crate) fn thin(&self, least: u64) -> Vec<String> {
        let mut thin = Vec::new();
        for (fault, row) in Fault::ALL.iter().zip(&self.counts) {
            for (state, count) in STATES.iter().zip(row) {
                if *count < least && unreachable(*fault, *state).is_none() {
                    thin.push(format!("{fault:?} met {state:?} {count} times"));
                }
            }
        }
        thin
    }
}

/// Why a fault cannot meet a state, if so. What is counted there all the same comes from leftovers of a position before.
const fn unreachable(fault: Fault, state: Protection) -> Option<&'static str> {
    use Protection::{Bracketed, Entering, Flat, Reduced, Stopped, Sweeping};
    match (fault, state) {
        (Fault::DropNews, Flat) => Some("news are of live orders, and while flat there is none"),
        (Fault::RejectTrigger | Fault::RejectThrottled | Fault::RejectOther, Flat) => {
            Some("what can be refused is a live order, and while flat there is none")
        }
        (Fault::QueryLag, Flat) => Some("while flat no order is young enough to be overlooked"),
        (Fault::RejectTrigger, Entering) => Some("triggers are sent once a fill is known"),
        (Fault::RejectTrigger, Stopped) => {
            Some("with the stop accepted the next triggers are the legs, which make it bracketed")
        }
        (Fault::PartialEntry, Flat | Sweeping) => Some("an entry on its way is Entering"),
        (Fault::PartialEntry, Bracketed | Reduced) => {
            Some("legs are placed once the entry is over")
        }
        (Fault::PartialExit, Flat | Entering | Sweeping) => {
            Some("an exit is sent for a position that is known and executes only against one")
        }
        (Fault::StopCanceled, Flat | Entering) => Some("the stop is sent once a fill is known"),
        (Fault::ClosedByExchange, Flat | Sweeping) => {
            Some("the trader is flat only after it heard of every execution")
        }
        _ => None,
    }
}

/// The reasons for the cells in brackets.
pub(crate) fn print_unreachable() {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for fault in Fault::ALL {
        for state in STATES {
            let Some(reason) = unreachable(fault, state) else {
                continue;
            };
            let cell = format!("{fault:?}×{state:?}");
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, cells)) => cells.push(cell),
                None => reasons.push((reason, vec![cell])),
            }
        }
    }
    for (reason, cells) in reasons {
        println!("(not reachable: {}: {reason})", cells.join(", "));
    }
}
