//! Faults planted in what a good schedule left behind: the judge notices each.
//!
//! Not here: the judge (`watch`).

use std::sync::Arc;

use confluence::domain::event::{AccountUpdate, Event, Note, Operator, OrderUpdate};
use confluence::domain::num::{Money, Price, Qty};
use confluence::domain::order::{Amount, OrderId, OrderKind, Purpose};
use confluence::domain::time::Span;
use confluence::journal::entry::{Entry, Recorded, SaidCommand};
use confluence::trader::{Trader, Upkeep};
use serde_json::json;

use super::operator::{Granted, Wish};
use super::pranks::Answered;
use super::watch::Case;

/// A fault: what it is, the invariants that may notice it, the deed; `None` when the schedule has nothing to spoil.
pub(super) type Fault = (
    &'static str,
    &'static [&'static str],
    fn(&mut Case) -> Option<()>,
);

pub(super) const FAULTS: [Fault; 27] = [
    ("a message is heard twice", &["I18"], |case| {
        repeat(case, is_signal)
    }),
    ("a message is never heard", &["I18"], |case| {
        remove(case, is_signal)
    }),
    ("a message taken is lost", &["I18", "I25"], |case| {
        remove(case, |entry| matches!(entry, Entry::Taken { .. }))
    }),
    ("a message is taken twice", &["I18"], |case| {
        repeat(case, |entry| matches!(entry, Entry::Taken { .. }))
    }),
    ("an answer was a lie", &["I18"], |case| {
        case.played.answers.push(Answered {
            id: Some("x".to_owned()),
            bad: false,
            answer: Some(json!({"id": "x", "ok": true, "seq": 7})),
        });
        Some(())
    }),
    ("a bad line was taken", &["I18"], |case| {
        case.played.answers.push(Answered {
            id: None,
            bad: true,
            answer: Some(json!({"ok": true, "seq": 7})),
        });
        Some(())
    }),
    ("a message waits for minutes", &["I18", "I25"], |case| {
        let row = case
            .rows
            .iter_mut()
            .find(|row| matches!(row.entry, Entry::Taken { .. }))?;
        if let Entry::Taken { arrived, .. } = &mut row.entry {
            *arrived = *arrived - Span::from_millis(600_000);
        }
        Some(())
    }),
    ("a fill is booked twice", &["I7"], |case| {
        repeat(case, is_fill)
    }),
    ("a fill is lost", &["I5", "I6"], |case| {
        remove(case, is_fill)
    }),
    ("a ledger line is lost", &["I6"], |case| {
        remove(case, |entry| matches!(entry, Entry::Ledger(_)))
    }),
    ("a trade's profit is wrong", &["I6"], |case| {
        let row = case
            .rows
            .iter_mut()
            .find(|row| matches!(row.entry, Entry::Trade(_)))?;
        if let Entry::Trade(trade) = &mut row.entry {
            trade.realized += Money::from_steps(1);
        }
        Some(())
    }),
    ("the exchange has another position", &["I3", "I5"], |case| {
        let instruments = case.rows.iter().find_map(|row| match &row.entry {
            Entry::Boot(boot) => Some(
                boot.listing
                    .iter()
                    .map(|listed| listed.instrument.clone())
                    .collect(),
            ),
            _ => None,
        })?;
        (!case.trader.status().positions.is_empty()).then_some(())?;
        case.trader = Trader::new(case.trader.rules().clone(), instruments, Upkeep::default());
        Some(())
    }),
    ("a stop was never sent", &["I2"], |case| {
        remove(case, is_stop)
    }),
    ("a stop goes back", &["I12"], worse_stop),
    ("a minute is lost", &["tape"], |case| {
        // Without its first minute a run would only have begun later.
        let mut rows = case.rows.iter();
        let place = rows.rposition(|row| matches!(row.entry, Entry::Bar { .. }))?;
        case.rows.remove(place);
        Some(())
    }),
    ("a minute is heard twice", &["tape"], |case| {
        repeat(case, |entry| matches!(entry, Entry::Bar { .. }))
    }),
    ("time goes back", &["I17"], |case| {
        let rows = case
            .rows
            .iter_mut()
            .filter(|row| matches!(row.entry, Entry::Heard(_)));
        let row = rows.last()?;
        row.at = row.at - Span::from_millis(86_400_000);
        Some(())
    }),
    ("a price is made up", &["I17"], |case| {
        let row = case.rows.iter_mut().find(|row| is_signal(&row.entry))?;
        if let Entry::Heard(Event::Signal { quote, .. }) = &mut row.entry {
            quote.mark = Price::from_steps(123_456_789);
        }
        Some(())
    }),
    ("an entry while paused", &["I19"], |case| {
        before_entry(case, Event::Operator(Operator::Halt))
    }),
    ("an entry after the day's loss", &["I13"], |case| {
        let value = confluence::domain::num::Notional::ZERO;
        before_entry(case, Event::Account(AccountUpdate::FloorReached { value }))
    }),
    ("two entries at once", &["I14"], |case| {
        repeat(case, is_entry)
    }),
    ("an entry ten times too large", &["I14"], |case| {
        let row = case.rows.iter_mut().find(|row| is_entry(&row.entry))?;
        if let Entry::Said(SaidCommand::Submit(request)) = &mut row.entry
            && let Amount::Exact(qty) = &mut request.amount
        {
            *qty = Qty::from_steps(qty.steps() * 10)?;
        }
        Some(())
    }),
    ("a promised pause is forgotten", &["I19"], |case| {
        case.played.granted.push(Granted {
            wish: Wish::Pause,
            answer: Some(true),
        });
        Some(())
    }),
    ("the status is wrong", &["I24"], |case| {
        case.played.status.as_mut()?["trades"] = json!(77);
        Some(())
    }),
    ("the secret is in the journal", &["I27"], |case| {
        case.played.secret = "SYN".to_owned();
        Some(())
    }),
    ("an alarm without end", &["I23"], |case| {
        let last = case.rows.last()?.clone();
        let entry = Entry::Alarm {
            code: "x".to_owned(),
            text: String::new(),
        };
        let alarm = Recorded { entry, ..last };
        case.rows.splice(0..0, [alarm.clone(), alarm]);
        Some(())
    }),
    ("a decision is another one", &["I4"], |case| {
        let row = case
            .rows
            .iter_mut()
            .find(|row| matches!(row.entry, Entry::Noted(_)))?;
        row.entry = Entry::Noted(Note::Surprise {
            order: None,
            what: "x",
        });
        Some(())
    }),
];

fn is_signal(entry: &Entry) -> bool {
    matches!(entry, Entry::Heard(Event::Signal { .. }))
}

fn is_fill(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Heard(Event::Order {
            update: OrderUpdate::Filled { .. },
            ..
        })
    )
}

fn is_entry(entry: &Entry) -> bool {
    matches!(entry, Entry::Said(SaidCommand::Submit(request)) if request.purpose == Purpose::Entry)
}

fn is_stop(entry: &Entry) -> bool {
    matches!(entry, Entry::Said(SaidCommand::Submit(request)) if request.purpose == Purpose::StopLoss)
}

fn place(case: &Case, wanted: fn(&Entry) -> bool) -> Option<usize> {
    case.rows.iter().position(|row| wanted(&row.entry))
}

fn remove(case: &mut Case, wanted: fn(&Entry) -> bool) -> Option<()> {
    let place = place(case, wanted)?;
    case.rows.remove(place);
    Some(())
}

fn repeat(case: &mut Case, wanted: fn(&Entry) -> bool) -> Option<()> {
    let place = place(case, wanted)?;
    case.rows.insert(place, case.rows[place].clone());
    Some(())
}

fn before_entry(case: &mut Case, event: Event) -> Option<()> {
    // The event that led to the entry comes first.
    let entry = place(case, is_entry)?;
    let cause = case.rows[..entry]
        .iter()
        .rposition(|row| is_signal(&row.entry))?;
    let row = Recorded {
        entry: Entry::Heard(event),
        ..case.rows[cause].clone()
    };
    case.rows.insert(cause, row);
    Some(())
}

/// The first stop is replaced by one that is far away.
fn worse_stop(case: &mut Case) -> Option<()> {
    let sent = place(case, is_stop)?;
    let Entry::Said(SaidCommand::Submit(stop)) = case.rows[sent].entry.clone() else {
        return None;
    };
    let accepted = case.rows.iter().position(|row| {
        matches!(row.entry, Entry::Heard(Event::Order { id, update: OrderUpdate::Accepted }) if id == stop.id)
    })?;
    let OrderKind::Stop { trigger, watched } = stop.kind else {
        return None;
    };
    let id = OrderId(999_999);
    let far = if stop.side == confluence::domain::order::Side::Sell {
        trigger.steps() / 2
    } else {
        trigger.steps() * 2
    };
    let mut other = stop.clone();
    other.id = id;
    other.reference = Some(Arc::from("far"));
    other.kind = OrderKind::Stop {
        trigger: Price::from_steps(far)?,
        watched,
    };
    let row = case.rows[accepted].clone();
    let new = |entry: Entry| Recorded {
        entry,
        ..row.clone()
    };
    let news = |id: OrderId, update: OrderUpdate| new(Entry::Heard(Event::Order { id, update }));
    let rows = [
        new(Entry::Said(SaidCommand::Submit(other))),
        news(id, OrderUpdate::Accepted),
        news(stop.id, OrderUpdate::Canceled { total: Qty::ZERO }),
    ];
    case.rows.splice(accepted + 1..=accepted, rows);
    Some(())
}
