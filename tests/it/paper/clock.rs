//! The exchange's time on this machine: steps of the machine's clock, measurements that contradict each other.

use std::time::Duration;

use confluence::domain::time::{Span, Timestamp};
use confluence::live::clock::ExchangeClock;

#[test]
fn the_exchanges_time_never_runs_back_and_ignores_steps_of_the_machine() {
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let second = Span::from_millis(1_000);
    let clock = ExchangeClock::set_to(start);
    let mut last = clock.now();
    let mut steps = 0;
    // A machine whose clock jumps about is measured again; what is measured is still the exchange's time.
    for jump in [0, 61_000, -61_000, 3_600_000, -86_400_000, 1_000, -1_000] {
        let exchange = clock.now();
        let machine = exchange + Span::from_millis(jump);
        clock.correct(machine, Span::from_millis(-jump));
        let now = clock.now();
        assert!(
            now >= last && now - exchange < second,
            "{jump}: {last:?} {now:?}"
        );
        last = now;
        steps += 1;
    }
    // A measurement that says it is earlier than was told: the clock stands until that time has passed.
    clock.correct(clock.now(), Span::from_millis(-50));
    let told = clock.now();
    assert!(told >= last);
    std::thread::park_timeout(Duration::from_millis(120));
    assert!(clock.now() > told);
    // One that says later is followed at once.
    let before = clock.now();
    clock.correct(before, Span::from_millis(5_000));
    assert!(clock.now() - before >= Span::from_millis(5_000));
    println!("clock: {steps} steps of the machine's clock, one back, one ahead");
}
