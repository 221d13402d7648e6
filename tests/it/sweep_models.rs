//! Methods that learn: better than chance, the same points however they are run, never outside the space; fronts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use confluence::domain::num::parse_steps;
use confluence::domain::random::Random;
use confluence::settings::layers::Layers;
use confluence::settings::overlay::{Base, Slot};
use confluence::sweep::method::{Method, Sampler};
use confluence::sweep::models::{Brief, Model};
use confluence::sweep::objective::Told;
use confluence::sweep::space::{Choice, Coordinate, Parameter, Point, Range, Space};
use tempfile::TempDir;

use crate::binary::{files, json, made_up, say, sim, table, talk};

const LEARNERS: [Method; 3] = [Method::Tpe, Method::CmaEs, Method::Nsga2];

fn parameter(name: &str, range: Range) -> Parameter {
    let (base, _) = Base::new(&Layers::default()).unwrap();
    let item = base
        .item(&Slot::parse("exits.stop_pct").unwrap())
        .unwrap()
        .clone();
    Parameter {
        name: name.to_owned(),
        slot: Slot::parse(name).unwrap(),
        range,
        item,
    }
}

/// Every kind of range.
fn space() -> Space {
    let choices = |words: &[&str]| {
        let item = parameter("exits.stop_pct", Range::Choices(Vec::new())).item;
        words
            .iter()
            .map(|word| Choice {
                text: (*word).to_owned(),
                item: item.clone(),
            })
            .collect()
    };
    let real = |from, to, log| Range::Real {
        from,
        to,
        log,
        decimals: 4,
    };
    let steps = |from: &str, step: &str, count| Range::Steps {
        from: parse_steps(from).unwrap(),
        step: parse_steps(step).unwrap(),
        count,
    };
    let ranges = [
        real(1.0, 5.5, false),
        real(60.0, 900.0, true),
        real(-1.0, 1.0, false),
        steps("0.3", "0.05", 9),
        steps("1", "1", 100),
        Range::List(choices(&["1", "2", "5", "10", "20"])),
        Range::Choices(choices(&["leg", "risk", "both", "ignore"])),
    ];
    let parameters = ranges.into_iter().enumerate();
    Space {
        parameters: parameters
            .map(|(place, range)| parameter(&format!("exits.p{place}"), range))
            .collect(),
        predicates: Vec::new(),
    }
}

/// A smooth valley: its bottom, 0, lies off the middle; two parameters hang together.
fn valley(space: &Space, point: &Point) -> f64 {
    let unit = |place: usize| space.parameters[place].range.unit(point[place]);
    let bottom = [0.3, 0.62, 0.7, 0.5, 0.21, 0.3];
    let off: Vec<f64> = (0..6).map(|place| unit(place) - bottom[place]).collect();
    let word = match point[6] {
        Coordinate::Index(2) => 0.0,
        Coordinate::Index(_) | Coordinate::Real(_) => 0.1,
    };
    let tilted = off[0] - off[2];
    off.iter().map(|each| each * each).sum::<f64>() + tilted * tilted + word
}

fn told(cost: f64) -> Told {
    Told {
        cost: Some(cost),
        costs: vec![cost],
        meets: true,
    }
}

const BUDGET: usize = 256;

fn brief(space: &Space, seed: u64, objectives: usize, method: Method) -> Option<Model<'_>> {
    let brief = Brief {
        parameters: &space.parameters,
        seed,
        batch: 16,
        objectives,
    };
    Model::new(method, brief)
}

/// The best of some trials by a method.
fn best(method: Method, seed: u64, space: &Space) -> f64 {
    let Some(mut model) = brief(space, seed, 1, method) else {
        let sampler = Sampler::new(method, seed, space).unwrap();
        let costs = (0..BUDGET as u64).map(|trial| valley(space, &sampler.point(space, trial)));
        return costs.fold(f64::INFINITY, f64::min);
    };
    let mut best = f64::INFINITY;
    for _ in 0..BUDGET / 16 {
        let points = model.ask();
        let costs: Vec<f64> = points.iter().map(|point| valley(space, point)).collect();
        best = costs.iter().copied().fold(best, f64::min);
        let results: Vec<Told> = costs.into_iter().map(told).collect();
        model.tell(&points, &results);
    }
    best
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn learners_beat_chance_at_the_same_budget() {
    let space = space();
    let medians = |method| median((1..=21).map(|seed| best(method, seed, &space)).collect());
    let chance = medians(Method::Random);
    let mut text = format!("random {chance:.4}");
    for method in LEARNERS {
        let own = medians(method);
        text += &format!(", {} {own:.4}", method.name());
        assert!(own < chance, "{}: {own} of {chance}", method.name());
    }
    say(&format!(
        "models: best of {BUDGET} trials in 7 parameters, median of 21 seeds, 0 is perfect: {text}"
    ));
}

/// Two valleys: the nearer to the bottom of one, the farther from that of the other.
fn valleys(space: &Space, point: &Point) -> [f64; 2] {
    let unit = |place: usize| space.parameters[place].range.unit(point[place]);
    let from = |bottom: f64| {
        let off = (0..6).map(|place| (unit(place) - bottom).powi(2));
        off.sum::<f64>() / 6.0
    };
    [from(0.25), from(0.75)]
}

/// The area that some points dominate, below (0.2, 0.2), of all there is to it.
fn area(mut points: Vec<[f64; 2]>) -> f64 {
    points.sort_by(|one, other| one[0].total_cmp(&other[0]));
    let (mut area, mut top) = (0.0, 0.2_f64);
    for [first, second] in points {
        if first < 0.2 && second < top {
            area += (0.2 - first) * (top - second) * 25.0;
            top = second;
        }
    }
    area
}

#[test]
fn nsga2_finds_more_of_a_front_than_chance() {
    let space = space();
    let areas = |method: Method| {
        let seeds = 1..=21;
        let each = seeds.map(|seed| {
            let mut model = brief(&space, seed, 2, method);
            let sampler = Sampler::new(method, seed, &space).unwrap();
            let mut costs = Vec::new();
            for generation in 0..BUDGET as u64 / 16 {
                let points = match &mut model {
                    Some(model) => model.ask(),
                    None => (0..16)
                        .map(|member| sampler.point(&space, generation * 16 + member))
                        .collect(),
                };
                let own: Vec<[f64; 2]> =
                    points.iter().map(|point| valleys(&space, point)).collect();
                let results: Vec<Told> = own
                    .iter()
                    .map(|costs| Told {
                        cost: Some(costs[0]),
                        costs: costs.to_vec(),
                        meets: true,
                    })
                    .collect();
                if let Some(model) = &mut model {
                    model.tell(&points, &results);
                }
                costs.extend(own);
            }
            area(costs)
        });
        median(each.collect())
    };
    let (chance, own) = (areas(Method::Random), areas(Method::Nsga2));
    say(&format!(
        "models: area below the front of {BUDGET} trials, median of 21 seeds: random {chance:.4}, nsga2 {own:.4}"
    ));
    assert!(own > chance, "{own} of {chance}");
}

/// Results that drive a model to the edges, or tell it nothing.
fn odd(kind: u64, space: &Space, point: &Point, random: &mut Random) -> Told {
    let units = space.parameters.iter().zip(point);
    let sum: f64 = units.map(|(each, at)| each.range.unit(*at)).sum();
    let cost = match kind {
        0 => Some(-sum),
        1 => Some(sum),
        2 => None,
        3 => Some(1.0),
        4 => Some(if random.one_in(2) { 1e308 } else { -1e308 }),
        _ => (!random.one_in(3)).then(|| random.unit()),
    };
    Told {
        cost,
        costs: cost.map_or(Vec::new(), |cost| vec![cost, -cost]),
        meets: kind != 5 || random.one_in(2),
    }
}

#[test]
fn points_never_leave_the_space_and_hang_on_seed_and_results_alone() {
    let space = space();
    let mut met = 0_u64;
    let mut edges = 0_u64;
    for method in LEARNERS {
        for kind in 0..6 {
            let mut model = brief(&space, kind, 2, method).unwrap();
            let mut twin = brief(&space, kind, 2, method).unwrap();
            let mut other = brief(&space, kind + 100, 2, method).unwrap();
            let mut random = Random::new(kind);
            for generation in 0..40 {
                let points = model.ask();
                assert_eq!(points.len(), 16);
                // A model that is told of any points needs not be asked for them.
                if twin.remembers() || generation % 3 > 0 {
                    assert_eq!(points, twin.ask(), "{} {kind}", method.name());
                }
                assert!(generation > 0 || points != other.ask(), "{}", method.name());
                for point in &points {
                    let texts = space.texts(point);
                    assert_eq!(space.read(&texts).as_ref(), Some(point), "{texts:?}");
                    for (each, text) in space.parameters.iter().zip(&texts) {
                        if let Range::Real { from, to, .. } = each.range {
                            let value: f64 = text.parse().unwrap();
                            assert!((from..=to).contains(&value), "{text}");
                            edges += u64::from(value <= from || value >= to);
                        }
                    }
                    met += 1;
                }
                let results: Vec<Told> = points
                    .iter()
                    .map(|point| odd(kind, &space, point, &mut random))
                    .collect();
                model.tell(&points, &results);
                twin.tell(&points, &results);
            }
        }
    }
    say(&format!(
        "models: {met} points, {edges} reals at the ends of their ranges, none beyond"
    ));
    assert!(met > 10_000 && edges > 100);
}

#[test]
fn small_spaces_are_tried_out_before_anything_is_tried_twice() {
    let mut space = space();
    space.parameters.drain(..3);
    space.parameters.remove(1);
    // 9 · 5 · 4 points.
    for method in [Method::Tpe, Method::Nsga2] {
        let mut model = brief(&space, 3, 1, method).unwrap();
        let mut seen = BTreeSet::new();
        for _ in 0..10 {
            let points = model.ask();
            seen.extend(points.iter().map(|point| space.texts(point)));
            let results: Vec<Told> = points
                .iter()
                .map(|point| told(space.parameters[0].range.unit(point[0])))
                .collect();
            model.tell(&points, &results);
        }
        say(&format!(
            "models: {} tried {} of 180 points in 160 trials",
            method.name(),
            seen.len()
        ));
        assert!(seen.len() > 155, "{}", seen.len());
    }
}

#[test]
fn a_cloud_that_finds_nothing_new_begins_elsewhere() {
    let mut space = space();
    space.parameters.drain(..3);
    space.parameters.remove(1);
    let mut model = brief(&space, 3, 1, Method::CmaEs).unwrap();
    let mut seen = BTreeSet::new();
    let (mut stale, mut row, mut longest) = (0, 0, 0);
    for _ in 0..150 {
        let points = model.ask();
        let before = seen.len();
        seen.extend(points.iter().map(|point| space.texts(point)));
        row = if seen.len() == before { row + 1 } else { 0 };
        stale += usize::from(row > 0);
        longest = longest.max(row);
        let cost = |point: &Point| {
            let pairs = space.parameters.iter().zip(point);
            let off = pairs.map(|(each, at)| each.range.unit(*at) - 0.3);
            off.map(|off| off * off).sum()
        };
        let results: Vec<Told> = points.iter().map(|point| told(cost(point))).collect();
        model.tell(&points, &results);
    }
    say(&format!(
        "models: cma-es tried {} of 180 points in 150 generations, {stale} without a new one, at most {longest} in a row",
        seen.len()
    ));
    assert!(stale > 5 && seen.len() > 170, "{stale} {}", seen.len());
}

#[test]
fn a_space_of_one_point_is_tried_and_nothing_else() {
    let mut space = space();
    space.parameters.truncate(5);
    for each in &mut space.parameters {
        each.range = match &each.range {
            Range::Real { log, .. } => Range::Real {
                from: 2.5,
                to: 2.5,
                log: *log,
                decimals: 1,
            },
            _ => Range::Steps {
                from: 0,
                step: 1,
                count: 1,
            },
        };
    }
    for method in LEARNERS {
        let mut model = brief(&space, 3, 2, method).unwrap();
        for _ in 0..5 {
            let points = model.ask();
            for point in &points {
                assert_eq!(space.texts(point), ["2.5", "2.5", "2.5", "0", "0"]);
            }
            let same = Told {
                costs: vec![1.0, 1.0],
                ..told(1.0)
            };
            model.tell(&points, &vec![same; points.len()]);
        }
    }
}

const WIDE: &str = r#"
schema_version = 1
objective = "total_return"
trades_min = 0
where = ["tp1 < tp2", "exits.trailing.callback_pct < exits.trailing.activation_pct"]

[parameters]
"signals.window_s" = { from = 60, to = 400, kind = "log" }
"signals.score_min" = { from = 0.4, to = 0.8, step = 0.05 }
"signals.role_112" = ["leg", "risk", "both", "ignore"]
"account.leverage" = { from = 1, to = 10, kind = "integer" }
exits.stop_pct = { from = 1, to = 5.5, kind = "real" }
"exits.targets[1].distance_pct" = { from = 2, to = 6.5, kind = "real", decimals = 2, name = "tp1" }
"exits.targets[2].distance_pct" = { from = 3, to = 17, kind = "real", name = "tp2" }
"exits.trailing.enabled" = [true, false]
"exits.trailing.activation_pct" = { from = 1, to = 4, kind = "real" }
"exits.trailing.callback_pct" = { from = 0.5, to = 2.5, kind = "real" }
"simulation.path_mode" = ["pessimistic", "optimistic"]
"#;

/// Made-up inputs and a space.
struct Place {
    home: TempDir,
}

impl Place {
    fn new(seed: u64, head: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), seed, 8);
        fs::write(home.path().join("space.toml"), format!("{head}{WIDE}")).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn sweep(&self, out: &str, args: &[&str]) -> Command {
        let mut command = sim();
        command.current_dir(self.home.path()).arg("sweep");
        command.arg("--signals").arg(self.path("data/signals.csv"));
        command.arg("--data").arg(self.path("data"));
        command.arg("--space").arg(self.path("space.toml"));
        command.arg("--out").arg(self.path(out)).args(args);
        command
    }

    fn run(&self, out: &str, args: &[&str]) -> BTreeMap<String, Vec<u8>> {
        json(&mut self.sweep(out, args));
        files(&self.path(out))
    }

    /// Text of a command that must fail.
    fn refused(&self, command: &mut Command, code: i32) -> String {
        let output = command.output().unwrap();
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(code), "{command:?}: {text}");
        text
    }
}

fn same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in one {
        assert!(bytes == &other[name], "{what}: {name} differs");
    }
}

fn done(bytes: &[u8]) -> usize {
    let rows = table(bytes);
    rows.iter().filter(|row| row["status"] == "done").count()
}

#[test]
fn learners_give_the_same_bytes_on_any_number_of_threads() {
    let place = Place::new(31, "batch = 12\n");
    for method in LEARNERS {
        let name = method.name();
        // No whole number of generations.
        let args = ["--method", name, "--trials", "200", "-j"];
        let run = |threads| {
            place.run(
                &format!("{name}{threads}"),
                &[&args[..], &[threads]].concat(),
            )
        };
        let first = run("1");
        for threads in ["2", "5"] {
            same(
                &first,
                &run(threads),
                &format!("{name} on {threads} threads"),
            );
        }
        let rows = table(&first["results.csv"]);
        let ran = done(&first["results.csv"]);
        let begin = rows[..40]
            .iter()
            .filter(|row| row["status"] == "done")
            .count();
        say(&format!(
            "models: {name}: 200 trials, {ran} ran, {begin} of the first 40, the same bytes on 1, 2 and 5 threads"
        ));
        assert!(rows.len() == 200 && ran > 60);
    }
}

#[test]
fn a_learner_that_was_stopped_anywhere_goes_on_to_the_same_bytes() {
    let place = Place::new(32, "");
    let mut random = Random::new(32);
    for method in LEARNERS {
        let name = method.name();
        let args = ["--method", name, "--trials", "250"];
        let whole = place.run(&format!("{name}-whole"), &args);
        let text = String::from_utf8(whole["trials.jsonl"].clone()).unwrap();
        let head = text.find('\n').unwrap() + 1;
        let resume = |journal: &[u8], what: &str| {
            let out = format!("{name}-cut");
            let _gone = fs::remove_dir_all(place.path(&out));
            fs::create_dir(place.path(&out)).unwrap();
            fs::write(place.path(&out).join("trials.jsonl"), journal).unwrap();
            let found = place.run(&out, &[&args[..], &["--resume", "-j", "2"]].concat());
            same(&whole, &found, what);
        };
        let mut cuts = Vec::new();
        for round in 0..5 {
            let room = (text.len() - head) as u64;
            let cut = head + usize::try_from(random.below(room)).unwrap();
            if round == 0 {
                // Lines of one generation come in any order.
                let mut lines: Vec<&str> = text[..cut].lines().collect();
                lines.pop();
                let last = lines.len() - (lines.len() - 1) % 16;
                lines[last..].reverse();
                resume((lines.join("\n") + "\n").as_bytes(), name);
            } else {
                resume(&text.as_bytes()[..cut], name);
            }
            cuts.push(text[..cut].lines().count());
        }
        // A line taken out of the middle is run again.
        let lines: Vec<&str> = text.lines().collect();
        let holed = [&lines[..60], &lines[61..]].concat().join("\n") + "\n";
        resume(holed.as_bytes(), "a line less");
        say(&format!(
            "models: {name}: stopped at lines {cuts:?} of 251, in the middle of lines and generations, the same bytes after --resume"
        ));
    }
}

#[test]
fn a_killed_learner_goes_on_to_the_same_bytes() {
    let place = Place::new(33, "");
    for method in LEARNERS {
        let name = method.name();
        // Enough that none is finished before it is killed; choosing takes tpe longer.
        let trials = if method == Method::Tpe {
            "1500"
        } else {
            "6000"
        };
        let args = ["--method", name, "--trials", trials];
        let whole = place.run(&format!("{name}-whole"), &args);
        let out = format!("{name}-killed");
        let journal = place.path(&out).join("trials.jsonl");
        let lines = || {
            let bytes = fs::read(&journal).unwrap_or_default();
            bytes.iter().filter(|byte| **byte == b'\n').count()
        };
        let mut kills = Vec::new();
        // The second time by Ctrl-C: those in flight are finished, and nobody waits for the rest of a generation.
        for (goal, signal, code) in [
            (1, "-KILL", None),
            (200, "-INT", Some(130)),
            (700, "-KILL", None),
        ] {
            let mut child = place
                .sweep(&out, &[&args[..], &["--resume", "-j", "2"]].concat())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while lines() < goal && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            let told = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(told.unwrap().success());
            assert_eq!(child.wait().unwrap().code(), code, "{name} {signal}");
            kills.push(lines().saturating_sub(1));
        }
        assert!(
            kills[2] > 400 && !place.path(&out).join("sweep.json").exists(),
            "{kills:?}"
        );
        let found = place.run(&out, &[&args[..], &["--resume"]].concat());
        same(&whole, &found, name);
        say(&format!(
            "models: {name}: killed, interrupted and killed with {kills:?} of {trials} trials finished, the same bytes after --resume"
        ));
    }
}

#[test]
fn more_trials_may_be_added() {
    let place = Place::new(34, "");
    for name in ["random", "sobol", "tpe", "cma-es", "nsga2"] {
        let run = |out: &str, trials, more: &[&str]| {
            let args = [&["--method", name, "--trials", trials], more].concat();
            place.run(&format!("{name}-{out}"), &args)
        };
        run("grown", "70", &[]);
        let grown = run("grown", "150", &["--resume"]);
        same(&run("whole", "150", &[]), &grown, name);
        let args = ["--method", name, "--trials", "100", "--resume"];
        let text = place.refused(&mut place.sweep(&format!("{name}-grown"), &args), 1);
        assert!(text.contains("its trials is 150, not 100"), "{text}");
    }
    // Stopped while it grew, and then asked for less.
    let args = |trials| ["--method", "random", "--resume", "--trials", trials];
    let grown = fs::read_to_string(place.path("random-grown/trials.jsonl")).unwrap();
    place.run("less", &["--method", "random", "--trials", "70"]);
    let less = fs::read_to_string(place.path("less/trials.jsonl")).unwrap();
    let more: Vec<&str> = grown.lines().skip(71).take(20).collect();
    fs::write(
        place.path("less/trials.jsonl"),
        less + &more.join("\n") + "\n",
    )
    .unwrap();
    let text = place.refused(&mut place.sweep("less", &args("70")), 1);
    assert!(text.contains("70 trials are asked for"), "{text}");
    let found = place.run("less", &args("150"));
    same(
        &files(&place.path("random-grown")),
        &found,
        "stopped while it grew",
    );
    say("models: 5 methods grew from 70 to 150 trials, the bytes of 150 at once");
}

#[test]
fn fronts_are_what_no_other_trial_dominates() {
    let place = Place::new(35, "");
    let goals = ["--objective", "total_return", "--objective", "max_drawdown"];
    let mut sizes = Vec::new();
    for name in ["random", "nsga2", "tpe"] {
        let args = [&["--method", name, "--trials", "300"], &goals[..]].concat();
        let limit = ["--constraint", "trades >= 3"];
        let found = place.run(name, &[&args[..], &limit].concat());
        let summary: serde_json::Value = serde_json::from_slice(&found["sweep.json"]).unwrap();
        let rows = table(&found["results.csv"]);
        let costs = |row: &BTreeMap<String, String>| -> Option<[f64; 2]> {
            let value = |name: &str| row[name].parse::<f64>().ok();
            let fits = row["meets_constraints"] == "true" && !row["objective"].is_empty();
            fits.then_some([-value("total_return")?, value("max_drawdown")?.abs()])
        };
        let all: Vec<Option<[f64; 2]>> = rows.iter().map(costs).collect();
        let dominated = |own: &[f64; 2]| {
            all.iter().flatten().any(|other| {
                other[0] <= own[0] && other[1] <= own[1] && (other[0] < own[0] || other[1] < own[1])
            })
        };
        let mut front = 0;
        for (row, own) in rows.iter().zip(&all) {
            let wanted = own.is_some_and(|own| !dominated(&own));
            assert_eq!(
                row["pareto"],
                wanted.to_string(),
                "{name}: trial {}",
                row["trial"]
            );
            front += u64::from(wanted);
        }
        assert_eq!(summary["front_trials"], front);
        let listed = summary["front"].as_array().unwrap();
        assert_eq!(listed.len() as u64, front.min(100));
        assert!(listed.iter().all(|each| {
            let trial = usize::try_from(each["trial"].as_u64().unwrap()).unwrap();
            rows[trial]["pareto"] == "true"
        }));
        assert_eq!(summary["objective"], "max:total_return");
        assert_eq!(summary["objectives"][1], "min:max_drawdown");
        sizes.push((name, front));
    }
    let all: u64 = sizes.iter().map(|(_, front)| front).sum();
    assert!(
        all > 4 && sizes.iter().all(|(_, front)| *front > 0),
        "{sizes:?}"
    );
    // Shards know all objectives as well; in the space they are a list.
    let space = fs::read_to_string(place.path("space.toml")).unwrap();
    let listed = "objective = [\"total_return\", \"min:max_drawdown\"]";
    let space = space.replace("objective = \"total_return\"", listed);
    fs::write(place.path("space.toml"), space).unwrap();
    let args = ["--method", "random", "--trials", "100"];
    let whole = place.run("whole", &args);
    for shard in ["1/2", "2/2"] {
        place.run("parts", &[&args[..], &["--shard", shard]].concat());
    }
    let mut merge = sim();
    merge.current_dir(place.home.path());
    merge.args(["sweep", "merge"]).arg(place.path("parts"));
    json(merge.arg("--out").arg(place.path("merged")));
    same(&whole, &files(&place.path("merged")), "merged");
    // One objective knows no front, and says so in no file.
    let one = place.run("one", &[&args[..], &["--objective", "sharpe"]].concat());
    for (name, bytes) in one
        .iter()
        .filter(|(name, _)| name.contains("json") || name.contains("csv") || name.contains("best"))
    {
        let text = String::from_utf8_lossy(bytes);
        assert!(
            !text.contains("pareto") && !text.contains("front"),
            "{name}"
        );
    }
    let output = place.sweep("table", &args).output().unwrap();
    let text = talk(&output);
    assert!(
        text.contains("front of max:total_return, min:max_drawdown: "),
        "{text}"
    );
    say(&format!("models: fronts of 300 trials: {sizes:?}"));
}

#[test]
fn misuse_is_told_with_what_to_do() {
    let place = Place::new(36, "");
    let mut told = 0;
    let mut check = |command: &mut Command, code: i32, words: &[&str]| {
        let text = place.refused(command, code);
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(text.contains("hint: "), "{text}");
        told += 1;
    };
    let tpe = ["--method", "tpe", "--trials", "40"];
    let with = |more: &[&str]| place.sweep("out", &[&tpe[..], more].concat());
    check(
        &mut with(&["--shard", "1/2"]),
        2,
        &["from the results of those before it"],
    );
    let mut array = with(&[]);
    array
        .env("SLURM_ARRAY_TASK_ID", "1")
        .env("SLURM_ARRAY_TASK_COUNT", "4");
    check(&mut array, 2, &["--shard 1/1"]);
    let many = ["--method", "nsga2", "--trials", "1000001"];
    check(
        &mut place.sweep("out", &many),
        2,
        &["more than the 1000000"],
    );
    check(
        &mut with(&["--objective", "sharpe", "--objective", "max:sharpe"]),
        2,
        &["is there twice"],
    );
    check(
        &mut with(&["--objective", "sharp"]),
        2,
        &["did you mean 'sharpe'?"],
    );
    let own = fs::read_to_string(place.path("space.toml")).unwrap();
    for (line, words) in [
        ("batch = 3\n", "a generation has 4 to 4096 trials"),
        ("batch = 5000\n", "a generation has 4 to 4096 trials"),
    ] {
        fs::write(place.path("space.toml"), format!("{line}{own}")).unwrap();
        check(&mut with(&[]), 2, &[words]);
    }
    fs::write(
        place.path("space.toml"),
        own.replace("\"total_return\"", "[]"),
    )
    .unwrap();
    check(
        &mut with(&[]),
        2,
        &["'objective' names no figure", "space.toml:3"],
    );
    fs::write(place.path("space.toml"), &own).unwrap();
    assert!(!place.path("out").exists());
    // What a learner was told is part of it; what it tried cannot be changed.
    place.run("out", &tpe);
    let resumed = |more: &[&str]| with(&[&["--resume"], more].concat());
    check(
        &mut resumed(&["--objective", "win_rate"]),
        1,
        &["its objective is max:total_return"],
    );
    check(
        &mut resumed(&["--trades-min", "5"]),
        1,
        &["its trades_min is 0, not 5"],
    );
    fs::write(place.path("space.toml"), format!("batch = 8\n{own}")).unwrap();
    check(&mut resumed(&[]), 1, &["its batch is 16, not 8"]);
    fs::write(place.path("space.toml"), &own).unwrap();
    let cma = ["--method", "cma-es", "--trials", "40"];
    place.run("cma", &cma);
    let mut foreign = place.sweep("cma", &[&cma[..], &["--resume", "--seed", "9"]].concat());
    check(&mut foreign, 1, &["its seed is"]);
    // The same identity, and points of another machine: the lines of two trials change places.
    let journal = place.path("cma/trials.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    place.run("seed9", &[&cma[..], &["--seed", "9"]].concat());
    let other = fs::read_to_string(place.path("seed9/trials.jsonl")).unwrap();
    let mixed: Vec<&str> = text
        .lines()
        .take(5)
        .chain(other.lines().skip(5).take(20))
        .collect();
    fs::write(&journal, mixed.join("\n") + "\n").unwrap();
    let mut astray = place.sweep("cma", &[&cma[..], &["--resume"]].concat());
    check(&mut astray, 1, &["trial 4 was run with other values"]);
    say(&format!("models: {told} mistakes told"));
}

#[test]
fn an_estimate_says_what_a_learner_keeps_in_mind() {
    let place = Place::new(37, "");
    let estimate = |method, trials| {
        let args = ["--method", method, "--trials", trials, "--estimate"];
        json(&mut place.sweep("out", &args))
    };
    let bytes = |method, trials| estimate(method, trials)["history_bytes"].as_u64().unwrap();
    assert_eq!(bytes("random", "1000"), 0);
    let (few, many) = (bytes("tpe", "1000"), bytes("tpe", "100000"));
    assert!(few > 100_000 && many == few * 100);
    let found = estimate("tpe", "100000");
    let choices = found["choices_per_s"].as_f64().unwrap();
    assert!(found["seconds"].as_f64().unwrap() > 100_000.0 / choices);
    say(&format!("models: estimate of tpe: {found}"));
}

#[test]
fn nobody_replaces_a_sweep_that_is_running() {
    let place = Place::new(38, "");
    let args = ["--method", "random", "--trials", "200000", "-j", "1"];
    let mut child = place
        .sweep("out", &args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let journal = place.path("out/trials.jsonl");
    while fs::metadata(&journal).map_or(0, |meta| meta.len()) < 5_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let few = ["--method", "random", "--trials", "10", "--replace"];
    let text = place.refused(&mut place.sweep("out", &few), 1);
    assert!(text.contains("another sim is writing to it"), "{text}");
    let before = fs::metadata(&journal).unwrap().len();
    assert!(before >= 5_000);
    child.kill().unwrap();
    child.wait().unwrap();
    place.run("out", &few);
    let rows = fs::read_to_string(place.path("out/results.csv")).unwrap();
    assert_eq!(rows.lines().count(), 11);
    say("models: --replace kept off a running sweep and took a dead one");
}
