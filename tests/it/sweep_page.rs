//! Page and pictures of a sweep as the built `sim` leaves them: they hold the run's own numbers, whatever the space,
//! and no text from outside gets through as markup.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, made_up, say, sim, table, talk};

/// Made-up inputs.
struct Place {
    home: TempDir,
}

impl Place {
    fn new(seed: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), seed, 8);
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn sweep(&self, space: &str, out: &str, args: &[&str]) -> Command {
        fs::write(self.path("space.toml"), space).unwrap();
        let mut command = sim();
        command.current_dir(self.home.path()).arg("sweep");
        command.arg("--signals").arg(self.path("data/signals.csv"));
        command.arg("--data").arg(self.path("data"));
        command.arg("--space").arg(self.path("space.toml"));
        command.arg("--out").arg(self.path(out)).args(args);
        command
    }
}

/// What stands between two marks, or nothing.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    rest.split_once(to).map_or("", |(inner, _)| inner)
}

fn section<'a>(page: &'a str, id: &str) -> &'a str {
    between(page, &format!("<section id=\"{id}\">"), "</section>")
}

/// Text of the cells of a table, row by row.
fn cells(html: &str) -> Vec<Vec<String>> {
    let rows = between(html, "<tbody>", "</tbody>").split("<tr>").skip(1);
    rows.map(|row| row.split("<td").skip(1).map(plain).collect())
        .collect()
}

fn plain(cell: &str) -> String {
    let inner = cell.split_once('>').unwrap().1;
    inner.split('<').next().unwrap().replace('\u{2212}', "-")
}

/// What every page must be: whole, offline, free of numbers that are none.
fn sound(page: &str) {
    for id in [
        "verdict", "inout", "best", "ranked", "spread", "heat", "parallel", "effects", "tried",
    ] {
        let section = section(page, id);
        assert!(section.contains("<h2>"), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    assert!(page.contains("In-sample: no verdict yet") && page.contains("sim validate"));
    let ranked = section(page, "ranked");
    assert!(ranked.contains("the first and the second half") || ranked.contains("No trial ran"));
    for bad in ["NaN", "inf<", ">inf", "://", "src=", "@import", "url("] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.ends_with("</html>\n"));
}

/// Size of a picture and how many colours it has.
fn picture(bytes: &[u8]) -> (u32, u32, usize) {
    let mut reader = png::Decoder::new(bytes).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let colours: BTreeSet<&[u8]> = pixels.chunks_exact(3).collect();
    (frame.width, frame.height, colours.len())
}

const GRID: &str = r#"
schema_version = 1
objective = "win_rate"
trades_min = 1
where = ["tp1 < tp2"]

[parameters]
"exits.stop_pct" = { from = 1, to = 4, step = 0.5 }
"exits.targets[1].distance_pct" = { from = 2, to = 8, step = 2, name = "tp1" }
"exits.targets[2].distance_pct" = { values = [6, 7, 9], name = "tp2" }
"exits.trailing.enabled" = [false, true]
"#;

/// Number of a row's value among those of its parameter, in declared order.
fn places(row: &BTreeMap<String, String>) -> [i64; 4] {
    let values: [&[&str]; 4] = [
        &["1", "1.5", "2", "2.5", "3", "3.5", "4"],
        &["2", "4", "6", "8"],
        &["6", "7", "9"],
        &["false", "true"],
    ];
    let names = ["exits.stop_pct", "tp1", "tp2", "exits.trailing.enabled"];
    let at = |(name, values): (&str, &[&str])| {
        let found = values.iter().position(|value| *value == row[name]);
        i64::try_from(found.unwrap()).unwrap()
    };
    [0, 1, 2, 3].map(|index| at((names[index], values[index])))
}

/// The plateau of a trial as a comparison with every other trial finds it: score and neighbours.
fn plateau(rows: &[BTreeMap<String, String>], chosen: usize) -> (Option<f64>, usize) {
    let objective = |row: &BTreeMap<String, String>| row["objective"].parse::<f64>().ok();
    let own = places(&rows[chosen]);
    let mut around: Vec<f64> = Vec::new();
    for row in rows {
        let other = places(row);
        let far: Vec<i64> = own.iter().zip(other).map(|(a, b)| (a - b).abs()).collect();
        // Whether there is a trailing stop is no step: it has no order.
        let is_near = far.iter().all(|far| *far <= 1) && far[3] == 0 && own != other;
        if is_near && row["status"] == "done" {
            around.extend(objective(row));
        }
    }
    around.sort_by(f64::total_cmp);
    let count = around.len();
    if count == 0 {
        return (None, 0);
    }
    let median = f64::midpoint(around[(count - 1) / 2], around[count / 2]);
    let own = objective(&rows[chosen]).filter(|own| *own > 0.0);
    (own.map(|own| median / own), count)
}

#[test]
fn page_pictures_and_plateau_hold_the_numbers_of_the_trials() {
    let place = Place::new(41);
    let told = json(&mut place.sweep(GRID, "out", &[]));
    let left = files(&place.path("out"));
    let rows = table(&left["results.csv"]);
    let page = String::from_utf8(left["sweep.html"].clone()).unwrap();
    sound(&page);
    // The ranking is the one of the summary, number by number.
    let ranked = cells(section(&page, "ranked"));
    let wanted = told["ranked"].as_array().unwrap();
    assert!(ranked.len() == 20 && wanted.len() == 20);
    let mut scores = 0;
    for (cells, wanted) in ranked.iter().zip(wanted) {
        let trial = usize::try_from(wanted["trial"].as_u64().unwrap()).unwrap();
        let row = &rows[trial];
        assert_eq!(cells[1], trial.to_string());
        let objective: f64 = row["objective"].parse().unwrap();
        assert_eq!(cells[2], format!("{:.2} %", objective * 100.0));
        let values = [&row["exits.stop_pct"], &row["tp1"], &row["tp2"]];
        for value in values.into_iter().chain([&row["exits.trailing.enabled"]]) {
            assert!(cells.contains(value), "{value}: {cells:?}");
        }
        let (score, _) = plateau(&rows, trial);
        assert_eq!(wanted["plateau"].as_f64().is_some(), score.is_some());
        if let Some(score) = score {
            assert!((wanted["plateau"].as_f64().unwrap() - score).abs() < 1e-12);
            assert_eq!(cells[3], format!("{score:.2}"));
            scores += 1;
        }
    }
    assert!(scores > 10, "{scores}");
    let best = usize::try_from(told["best"]["trial"].as_u64().unwrap()).unwrap();
    let (score, neighbours) = plateau(&rows, best);
    assert_eq!(told["plateau"]["neighbours"], neighbours);
    assert_eq!(told["plateau"]["is_peak"], score.unwrap() < 0.7);
    assert!((told["plateau"]["score"].as_f64().unwrap() - score.unwrap()).abs() < 1e-12);
    let objects: Value = serde_json::from_slice(&left["sweep.json"]).unwrap();
    assert_eq!(objects["plateau"], told["plateau"]);
    // A slice through the best: every cell of stop and first target is a trial of the table.
    let maps: Vec<&str> = section(&page, "heat").split("<figure>").skip(1).collect();
    assert_eq!(maps.len(), 6);
    assert!(maps[0].contains("win_rate over exits.stop_pct and tp1"));
    let (own, mut compared) = (places(&rows[best]), 0);
    for row in rows.iter().filter(|row| places(row)[2..] == own[2..]) {
        if let Ok(value) = row["objective"].parse::<f64>() {
            let percent = value * 100.0;
            let decimals = usize::from(percent.abs() < 10.0);
            let text = format!("{percent:.decimals$}");
            let text = text.strip_suffix(".0").unwrap_or(&text);
            assert!(
                maps[0].contains(&format!("\n{text} %\n")),
                "{text}: {}",
                maps[0]
            );
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
    // The pictures.
    let pictures: Vec<&String> = left
        .keys()
        .filter(|name| name.starts_with("png/"))
        .collect();
    let wanted = [
        "exits.stop_pct-exits.trailing.enabled",
        "exits.stop_pct-tp1",
        "exits.stop_pct-tp2",
        "tp1-exits.trailing.enabled",
        "tp1-tp2",
        "tp2-exits.trailing.enabled",
    ]
    .map(|pair| format!("png/heat-{pair}.png"));
    assert_eq!(pictures, wanted.iter().collect::<Vec<_>>());
    for name in &pictures {
        let (width, height, colours) = picture(&left[*name]);
        assert!(
            (width, height) == (1200, 700) && colours > 100,
            "{name}: {colours}"
        );
    }
    say(&format!(
        "sweep page: 20 ranked trials, {scores} plateaus, {compared} cells and {} pictures hold the numbers of {} trials",
        pictures.len(),
        rows.len()
    ));
}

#[test]
fn the_front_of_two_objectives_is_the_one_of_the_tables() {
    let place = Place::new(44);
    let mut command = place.sweep(GRID, "out", &[]);
    let told = json(command.args(["--objective", "total_return,max:win_rate"]));
    let left = files(&place.path("out"));
    let page = String::from_utf8(left["sweep.html"].clone()).unwrap();
    sound(&page);
    let chart = section(&page, "spread");
    assert!(chart.contains("total_return against win_rate"));
    let marks = chart.split("<circle class=\"front\"").skip(1);
    let mut drawn: Vec<&str> = marks
        .map(|mark| between(mark, "<title>trial ", ":"))
        .collect();
    drawn.sort_by_key(|trial| trial.parse::<u64>().unwrap());
    let rows = table(&left["results.csv"]);
    let column = rows.iter().filter(|row| row["pareto"] == "true");
    let wanted: Vec<&str> = column.map(|row| row["trial"].as_str()).collect();
    assert_eq!(drawn, wanted);
    assert_eq!(told["front_trials"], wanted.len());
    assert!(page.contains("--objective max:total_return,max:win_rate --trades-min 1"));
    say(&format!(
        "sweep page: a front of {} trials of {}",
        wanted.len(),
        rows.len()
    ));
    assert!(wanted.len() > 1);
}

#[test]
fn the_table_of_the_terminal_says_how_the_neighbours_do() {
    let place = Place::new(41);
    let output = place.sweep(GRID, "out", &[]).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    assert!(text.contains("  objective  plateau  "), "{text}");
    assert!(
        text.contains("Plateau: the median win_rate of its "),
        "{text}"
    );
    assert!(talk(&output).contains("sweep.html"));
}

/// A space that is not the usual one, and what its page says.
struct Odd {
    what: &'static str,
    parameters: &'static str,
    args: &'static [&'static str],
    pictures: usize,
    words: &'static [&'static str],
}

const ODD: [Odd; 9] = [
    Odd {
        what: "one parameter",
        parameters: "\"exits.stop_pct\" = [1, 2, 3]",
        args: &[],
        pictures: 0,
        words: &["A heat map needs two parameters"],
    },
    Odd {
        what: "every objective null",
        parameters: "\"exits.stop_pct\" = [1, 2]\n\"signals.window_s\" = [100, 200]",
        args: &["--trades-min", "100000"],
        pictures: 1,
        words: &[
            "No best trial:</strong> win_rate is undefined in all 4 trials that ran; 4 of them have fewer than 100,000 trades",
            "no trial has an objective",
        ],
    },
    Odd {
        what: "nothing feasible",
        parameters: "\"exits.stop_pct\" = [1, 2]\n\"exits.break_even.enabled\" = [true]",
        args: &["--set", "exits.targets=[]"],
        pictures: 0,
        words: &[
            "no trial could be run; the most frequent reason is: ",
            "No trial ran.",
        ],
    },
    Odd {
        what: "a negative objective",
        parameters: "\"exits.stop_pct\" = [1, 2, 3]\n\"signals.window_s\" = [100, 200, 300]",
        args: &["--objective", "min:net_usdt"],
        pictures: 1,
        words: &["less is better"],
    },
    Odd {
        what: "words alone",
        parameters: "\"signals.role_112\" = [\"leg\", \"risk\", \"both\", \"ignore\"]\n\"exits.trailing.enabled\" = [true, false]\n\"simulation.path_mode\" = [\"pessimistic\", \"optimistic\"]",
        args: &[],
        pictures: 3,
        words: &[
            "only parameters with ordered steps have a next value",
            ">pessimistic<",
        ],
    },
    Odd {
        what: "a long name",
        parameters: "\"exits.stop_pct\" = { values = [1, 2], name = \"a_very_long_name_that_goes_on_and_on_and_on_until_nobody_can_read_it_any_more_at_all\" }\n\"signals.window_s\" = [100, 200]",
        args: &[],
        pictures: 1,
        words: &[
            "a_very_long_name_that_goes_on_and_on_and_on_until_nobody_can_read_it_any_more_at_all",
        ],
    },
    Odd {
        what: "markup in names",
        parameters: "\"exits.stop_pct\" = { values = [1, 2], name = \"<b>../x</b>\" }\n\"signals.window_s\" = { values = [100, 200], name = \"'><script>alert(1)</script>\" }\n\"exits.targets[1].distance_pct\" = { values = [2, 3], name = \"_b_.._x__b_\" }",
        args: &[],
        pictures: 3,
        words: &["&lt;b&gt;../x&lt;/b&gt;", "&lt;script&gt;"],
    },
    Odd {
        what: "one trial",
        parameters: "\"exits.stop_pct\" = [1, 2, 3]\n\"signals.window_s\" = [100, 200, 300]",
        args: &["--trials", "1"],
        pictures: 1,
        words: &[
            "Best of 1 trial: win_rate",
            "no point one step away was tried",
        ],
    },
    Odd {
        what: "reals",
        parameters: "\"exits.stop_pct\" = { from = 1, to = 5, kind = \"real\" }\n\"signals.window_s\" = { from = 60, to = 400, kind = \"log\" }",
        args: &["--method", "random", "--trials", "300"],
        pictures: 1,
        words: &[
            "the median of the trials there",
            "--method random --trials 300",
        ],
    },
];

#[test]
fn odd_spaces_have_pages_that_say_what_is_there() {
    let place = Place::new(42);
    for (number, odd) in ODD.iter().enumerate() {
        let space = format!(
            "schema_version = 1\nobjective = \"win_rate\"\ntrades_min = 1\n[parameters]\n{}\n",
            odd.parameters
        );
        let out = format!("out{number}");
        let output = place.sweep(&space, &out, odd.args).output().unwrap();
        let left = files(&place.path(&out));
        let page = left.get("sweep.html");
        let page = page.unwrap_or_else(|| panic!("{}: {}", odd.what, talk(&output)));
        let page = String::from_utf8(page.clone()).unwrap();
        sound(&page);
        for word in odd.words {
            assert!(page.contains(word), "{}: {word}", odd.what);
        }
        let pictures: Vec<&String> = left
            .keys()
            .filter(|name| name.starts_with("png/"))
            .collect();
        assert_eq!(pictures.len(), odd.pictures, "{}: {pictures:?}", odd.what);
        for name in pictures {
            assert!(!name.contains("..") || name.contains("_.._"), "{name}");
            assert_eq!(name.matches('/').count(), 1, "{name}");
            let (_, _, colours) = picture(&left[name]);
            assert!(colours > 20, "{}: {name}: {colours}", odd.what);
        }
    }
    say(&format!(
        "sweep page: {} odd spaces have sound pages",
        ODD.len()
    ));
}

#[test]
fn pictures_of_an_earlier_ranking_do_not_stay() {
    let place = Place::new(43);
    let wide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sweep.toml"));
    let more = wide.unwrap() + "\"signals.delay_ms\" = [0, 60000]\n\"account.leverage\" = [1, 2]\n";
    let mut sets = BTreeSet::new();
    let args = ["--method", "random", "--trials", "300", "--trades-min", "1"];
    for objective in ["total_return", "max_drawdown", "trades", "avg_hold_ms"] {
        let mut here = place.sweep(&more, "out", &args);
        json(here.args(["--resume", "--objective", objective]));
        let mut fresh = place.sweep(&more, objective, &args);
        json(fresh.args(["--objective", objective]));
        let names = |out: &str| -> Vec<String> { files(&place.path(out)).into_keys().collect() };
        assert_eq!(names("out"), names(objective));
        sets.insert(names(objective));
    }
    assert!(sets.len() > 1, "the rankings draw different pairs");
    // Pictures of somebody else are not touched.
    fs::write(place.path("out/png/mine.png"), "x").unwrap();
    let output = place.sweep(&more, "out", &["--replace"]).output().unwrap();
    assert!(!output.status.success());
    assert!(
        talk(&output).contains("holds no sweep"),
        "{}",
        talk(&output)
    );
    assert_eq!(fs::read(place.path("out/png/mine.png")).unwrap(), b"x");
    say(&format!(
        "sweep page: {} sets of pictures, none left over",
        sets.len()
    ));
}
