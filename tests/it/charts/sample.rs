//! Made-up charts, one of each kind that the report shows; the bench and the tests draw the same ones.
//!
//! Not here: what is tested about them (`charts`).

#![allow(
    dead_code,
    clippy::too_many_lines,
    reason = "each user draws a part; data of a chart is long"
)]

use confluence::report::chart::Ink;
use confluence::report::chart::spec::{
    Axis, Bar, Cell, Chart, Dot, Line, Mark, Panel, Scale, Unit,
};

/// 2026-01-01T00:00:00Z.
const START: f64 = 1_767_225_600_000.0;
const MINUTE: f64 = 60_000.0;

/// Numbers from 0 to 1 that look like chance.
fn noise(place: usize) -> f64 {
    let mut bits = (place as u64)
        .wrapping_add(0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn axis(title: &str, scale: Scale, unit: Unit) -> Axis {
    Axis {
        title: title.to_owned(),
        scale,
        unit,
    }
}

fn names(names: &[&str]) -> Scale {
    Scale::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

fn line(name: &str, ink: Ink, points: Vec<(f64, f64)>) -> Line {
    Line {
        name: name.to_owned(),
        ink,
        points,
        fill_to: None,
        dashed: false,
    }
}

fn chart(id: &'static str, title: &str, caption: &str, x: Axis, panels: Vec<Panel>) -> Chart {
    Chart {
        id,
        title: title.to_owned(),
        caption: caption.to_owned(),
        x,
        panels,
    }
}

fn panel(share: f64, y: Axis, marks: Vec<Mark>) -> Panel {
    Panel { share, y, marks }
}

fn rule(label: &str, ink: Ink, at: f64, upright: bool) -> Mark {
    Mark::Rule {
        label: label.to_owned(),
        ink,
        at,
        upright,
    }
}

/// Equity, drawdown and exposure of so many minutes, with so many trades as dots.
pub(crate) fn equity(minutes: usize, trades: usize) -> Chart {
    let mut level = 10_000.0_f64;
    let own: Vec<(f64, f64)> = (0..minutes)
        .map(|minute| {
            level *= 1.0 + (noise(minute) - 0.4997) * 0.002;
            (START + minute as f64 * MINUTE, level)
        })
        .collect();
    let mut peak = 0.0_f64;
    let down: Vec<(f64, f64)> = own
        .iter()
        .map(|(time, level)| {
            peak = peak.max(*level);
            (*time, (level / peak - 1.0) * 100.0)
        })
        .collect();
    let held = |seed: usize| -> Vec<(f64, f64)> {
        (0..=365.min(minutes / 1440 + 1))
            .scan(10_000.0, |level, day| {
                *level *= 1.0 + (noise(day + seed) - 0.5) * 0.04;
                Some((START + day as f64 * 1440.0 * MINUTE, *level))
            })
            .collect()
    };
    let dots = |won: bool| -> Vec<Dot> {
        (0..trades)
            .filter(|trade| (noise(trade * 7) > 0.5) == won)
            .map(|trade| {
                let at = own[trade * (minutes - 1) / trades.max(1)];
                Dot {
                    x: at.0,
                    y: at.1,
                    label: format!("trade {trade}, BTCUSDT"),
                }
            })
            .collect()
    };
    let open: Vec<(f64, f64)> = own
        .iter()
        .step_by(minutes / 300 + 1)
        .enumerate()
        .map(|(at, point)| (point.0, (noise(at * 3) * 4.0).floor() * 20.0))
        .collect();
    let mut run = line("this run", Ink::Run, own.clone());
    run.fill_to = Some(10_000.0);
    let mut depth = line("", Ink::Loss, down);
    depth.fill_to = Some(0.0);
    let mut exposure = line("", Ink::Muted, open);
    exposure.fill_to = Some(0.0);
    chart(
        "equity",
        "Equity, drawdown and exposure",
        "At 525,600 bar ends, thinned so that every extreme stays; dots are finished trades, green won, red lost.",
        axis("", Scale::Time, Unit::Number),
        vec![
            panel(
                3.0,
                axis("equity", Scale::Linear, Unit::Usdt),
                vec![
                    Mark::Stretch {
                        name: "out of sample".into(),
                        ink: Ink::FirstHold,
                        spans: vec![(
                            START + 200.0 * 1440.0 * MINUTE,
                            START + 260.0 * 1440.0 * MINUTE,
                        )],
                    },
                    Mark::Line(line("BTCUSDT held", Ink::FirstHold, held(5))),
                    Mark::Line(line("equal weights held", Ink::SecondHold, held(900))),
                    Mark::Line(run),
                    Mark::Dots {
                        name: "won".into(),
                        ink: Ink::Gain,
                        dots: dots(true),
                    },
                    Mark::Dots {
                        name: "lost".into(),
                        ink: Ink::Loss,
                        dots: dots(false),
                    },
                    rule("initial 10,000", Ink::Base, 10_000.0, false),
                ],
            ),
            panel(
                1.0,
                axis("drawdown", Scale::Linear, Unit::Percent),
                vec![Mark::Line(depth)],
            ),
            panel(
                1.0,
                axis("exposure, % of equity", Scale::Linear, Unit::Percent),
                vec![Mark::Line(exposure)],
            ),
        ],
    )
}

/// Maximal adverse against favourable excursion, as many dots as asked.
pub(crate) fn excursions(count: usize) -> Chart {
    let dots = |won: bool| {
        (0..count)
            .filter(|at| (noise(at * 11) > 0.45) == won)
            .map(|at| Dot {
                x: -3.0 * noise(at) * noise(at + 17),
                y: 5.0 * noise(at * 3) * if won { 1.0 } else { 0.4 },
                label: format!("#{at} 币安人生USDT"),
            })
            .collect()
    };
    chart(
        "excursions",
        "How far trades went against and for us, R",
        "Each dot is a trade. Left: how far the price went against the entry; up: how far it went for it.",
        axis("adverse", Scale::Linear, Unit::R),
        vec![panel(
            1.0,
            axis("favourable", Scale::Linear, Unit::R),
            vec![
                Mark::Dots {
                    name: "won".into(),
                    ink: Ink::Gain,
                    dots: dots(true),
                },
                Mark::Dots {
                    name: "lost".into(),
                    ink: Ink::Loss,
                    dots: dots(false),
                },
                rule("stop", Ink::Loss, -1.0, true),
                rule("target 1", Ink::Gain, 1.5, false),
                rule("target 2", Ink::Gain, 3.0, false),
            ],
        )],
    )
}

/// From gross to net.
pub(crate) fn waterfall() -> Chart {
    let steps = [
        ("gross profit", 1240.5),
        ("entry fees", -180.2),
        ("exit fees", -175.9),
        ("slippage", -210.0),
        ("funding paid", -64.25),
        ("funding received", 22.75),
        ("liquidation fees", 0.0),
    ];
    let mut level = 0.0;
    let mut bars: Vec<Bar> = steps
        .iter()
        .enumerate()
        .map(|(at, (_, amount))| {
            let from = level;
            level += amount;
            Bar {
                at: at as f64,
                from,
                to: level,
                ink: if *amount < 0.0 { Ink::Loss } else { Ink::Gain },
                label: format!("{amount:+.2}"),
            }
        })
        .collect();
    bars.push(Bar {
        at: 7.0,
        from: 0.0,
        to: level,
        ink: Ink::Run,
        label: format!("{level:+.2}"),
    });
    let mut places: Vec<&str> = steps.iter().map(|step| step.0).collect();
    places.push("net profit");
    chart(
        "waterfall",
        "From gross to net, USDT",
        "What each cost takes from the result.",
        axis("", names(&places), Unit::Number),
        vec![panel(
            1.0,
            axis("", Scale::Linear, Unit::Usdt),
            vec![Mark::Bars {
                name: String::new(),
                bars,
            }],
        )],
    )
}

/// Results by symbol: lying bars, one name in Chinese, one that looks like markup.
pub(crate) fn symbols() -> Chart {
    let places = [
        "BTCUSDT",
        "ETHUSDT",
        "币安人生USDT",
        "<script>alert(1)</script>",
        "SOLUSDT",
        "1000PEPEUSDT",
        "XRPUSDT",
    ];
    let bars = (0..places.len())
        .map(|at| {
            let net = 420.0 - 130.0 * at as f64;
            Bar {
                at: at as f64,
                from: 0.0,
                to: net,
                ink: if net < 0.0 { Ink::Loss } else { Ink::Gain },
                label: format!("{net:+.0} · {} trades", 40 - at * 5),
            }
        })
        .collect();
    chart(
        "symbols",
        "Net result by symbol, USDT",
        "Sorted by result; n is the number of trades.",
        axis("net", Scale::Linear, Unit::Usdt),
        vec![panel(
            1.0,
            axis("", names(&places), Unit::Number),
            vec![Mark::Bars {
                name: String::new(),
                bars,
            }],
        )],
    )
}

/// Months of three years.
pub(crate) fn months() -> Chart {
    let columns = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "year",
    ];
    let cells = (0..3)
        .flat_map(|row| {
            (0..13)
                .filter(move |column| row > 0 || *column > 4)
                .map(move |column| {
                    let value = (noise(row * 31 + column) - 0.45) * 20.0;
                    Cell {
                        column,
                        row,
                        value,
                        label: format!("{value:+.1}"),
                    }
                })
        })
        .collect();
    chart(
        "months",
        "Returns by month, %",
        "Compounded; a field without a number lies outside of the run.",
        axis("", names(&columns), Unit::Number),
        vec![panel(
            1.0,
            axis("", names(&["2024", "2025", "2026"]), Unit::Number),
            vec![Mark::Cells {
                cells,
                unit: Unit::Percent,
            }],
        )],
    )
}

/// Returns of the days of a year, by week and weekday.
pub(crate) fn days() -> Chart {
    let weeks: Vec<String> = (0..53)
        .map(|week| format!("2026-W{:02}", week + 1))
        .collect();
    let weeks: Vec<&str> = weeks.iter().map(String::as_str).collect();
    let cells = (0..365)
        .map(|day| Cell {
            column: day / 7,
            row: day % 7,
            value: (noise(day * 13) - 0.48) * 6.0,
            label: String::new(),
        })
        .collect();
    chart(
        "days",
        "Returns by day, %",
        "Weeks from left to right.",
        axis("", names(&weeks), Unit::Number),
        vec![panel(
            1.0,
            axis(
                "",
                names(&["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
                Unit::Number,
            ),
            vec![Mark::Cells {
                cells,
                unit: Unit::Percent,
            }],
        )],
    )
}

/// The decay of the edge after a signal: a band on a logarithmic axis of minutes.
pub(crate) fn decay() -> Chart {
    let points: Vec<(f64, f64)> = (0..40)
        .map(|at| {
            (
                1.25_f64.powi(at),
                0.8 * (1.0 - (-f64::from(at) / 8.0).exp()) - 0.0006 * f64::from(at * at),
            )
        })
        .collect();
    let band = points
        .iter()
        .map(|(x, y)| (*x, y - 0.25, y + 0.25))
        .collect();
    let mut median = line(
        "median",
        Ink::SecondHold,
        points.iter().map(|(x, y)| (*x, y * 0.8)).collect(),
    );
    median.dashed = true;
    chart(
        "decay",
        "What the price did after a signal, %",
        "Mean move in the direction of the signal, by minutes since the signal.",
        axis("since the signal", Scale::Log, Unit::Minutes),
        vec![panel(
            1.0,
            axis("move", Scale::Linear, Unit::Percent),
            vec![
                Mark::Band {
                    name: "95 % of the mean".into(),
                    ink: Ink::Run,
                    points: band,
                },
                Mark::Line(line("mean", Ink::Run, points)),
                Mark::Line(median),
                rule("entry after 2 min", Ink::Base, 2.0, true),
                rule("round trip costs 0.14 %", Ink::Loss, 0.14, false),
            ],
        )],
    )
}

/// How results are distributed: standing bars on numbers.
pub(crate) fn histogram() -> Chart {
    let bars = (-12..=20)
        .map(|at| {
            let middle = f64::from(at) * 0.25;
            let high = 120.0 * (-(middle - 0.3).powi(2) / 1.4).exp();
            Bar {
                at: middle,
                from: 0.0,
                to: high.round(),
                ink: if at < 0 { Ink::Loss } else { Ink::Gain },
                label: String::new(),
            }
        })
        .collect();
    chart(
        "histogram",
        "Results of trades, R",
        "How many trades ended with which result.",
        axis("result", Scale::Linear, Unit::R),
        vec![panel(
            1.0,
            axis("trades", Scale::Linear, Unit::Count),
            vec![
                Mark::Bars {
                    name: String::new(),
                    bars,
                },
                rule("mean 0.31 R", Ink::Run, 0.31, true),
                rule("median 0.12 R", Ink::SecondHold, 0.12, true),
            ],
        )],
    )
}

/// What became of the signals, in Chinese.
pub(crate) fn funnel() -> Chart {
    let places = [
        "收到的信号",
        "有价格数据",
        "形成共振组合",
        "通过评分门槛",
        "通过风险控制",
        "成交",
        "盈利",
    ];
    let bars = [5210.0, 5100.0, 1432.0, 610.0, 402.0, 377.0, 190.0]
        .iter()
        .enumerate()
        .map(|(at, count)| Bar {
            at: at as f64,
            from: 0.0,
            to: *count,
            ink: if at == 6 { Ink::Gain } else { Ink::Run },
            label: format!("{count} 条"),
        })
        .collect();
    chart(
        "funnel",
        "每条信号的去向（条）",
        "从收到的信号到盈利的交易；每一级写明剩余的数量，价格缺口与重复的信号不参与后续统计。",
        axis("信号数量", Scale::Linear, Unit::Count),
        vec![panel(
            1.0,
            axis("", names(&places), Unit::Number),
            vec![Mark::Bars {
                name: String::new(),
                bars,
            }],
        )],
    )
}

/// Gates that were closed, as stretches over time.
pub(crate) fn gates() -> Chart {
    let day = 1440.0 * MINUTE;
    let spans = |seed: usize| {
        (0..12)
            .map(|at| {
                let from = START + noise(seed + at) * 90.0 * day;
                (from, from + noise(seed * 2 + at) * 2.0 * day)
            })
            .collect::<Vec<_>>()
    };
    let points = (0..90)
        .map(|at| {
            (
                START + f64::from(at) * day,
                (noise(usize::try_from(at).unwrap_or(0)) * 5.0).floor(),
            )
        })
        .collect();
    let mut open = line("open positions", Ink::Run, points);
    open.fill_to = Some(0.0);
    chart(
        "gates",
        "Risk gates over time",
        "Tinted where no entry was allowed, and why.",
        axis("", Scale::Time, Unit::Number),
        vec![panel(
            1.0,
            axis("positions", Scale::Linear, Unit::Count),
            vec![
                Mark::Stretch {
                    name: "daily loss reached".into(),
                    ink: Ink::Loss,
                    spans: spans(40),
                },
                Mark::Stretch {
                    name: "pause after losses".into(),
                    ink: Ink::FirstHold,
                    spans: spans(140),
                },
                Mark::Line(open),
            ],
        )],
    )
}

/// A panel without anything.
pub(crate) fn empty() -> Chart {
    chart(
        "empty",
        "Exits",
        "No trade was finished in this run, so there is nothing to show.",
        axis("", Scale::Time, Unit::Number),
        vec![panel(
            1.0,
            axis("R", Scale::Linear, Unit::R),
            vec![Mark::Line(line("", Ink::Run, Vec::new()))],
        )],
    )
}

/// One of each.
pub(crate) fn all() -> Vec<Chart> {
    vec![
        equity(525_600, 300),
        excursions(800),
        waterfall(),
        symbols(),
        months(),
        days(),
        decay(),
        histogram(),
        funnel(),
        gates(),
        empty(),
    ]
}
