//! `[retrain]`.

use std::path::Path;
use std::time::Duration;

use jiff::civil::{Weekday, time};

use crate::config::{Retrain, Schedule, from_str};

const REST: &str = "[[mailbox]]\nid = \"a\"\nname = \"A\"\ndescription = \"a\"\n";

fn read(retrain: &str) -> Result<Retrain, String> {
    let text = format!("[retrain]\n{retrain}\n{REST}");
    let read = from_str(&text, Path::new("/etc/postbud"));
    read.map(|(config, _)| config.retrain).map_err(|report| report.to_string())
}

#[test]
fn nothing_said_is_nothing_done() {
    let retrain = read("").unwrap();
    assert_eq!(retrain.schedule, None);
    assert!(!retrain.promote && !retrain.challenge && retrain.letters.is_empty());
    assert_eq!((retrain.memory, retrain.time), (2 << 30, Duration::from_secs(3_600)));
}

#[test]
fn schedules() {
    let schedule = |text| read(text).unwrap().schedule;
    assert_eq!(schedule("every = \"1d\""), Some(Schedule::Days(1, time(2, 30, 0, 0))));
    assert_eq!(schedule("at = \"23:05\""), Some(Schedule::Days(1, time(23, 5, 0, 0))));
    assert_eq!(schedule("every = \"6h\""), Some(Schedule::Hours(6)));
    let sunday = Some(Schedule::Weekly(Weekday::Sunday, time(4, 0, 0, 0)));
    assert_eq!(schedule("weekday = \"sunday\"\nat = \"04:00\""), sunday);
}

#[test]
fn limits_and_letters() {
    let retrain = read(
        "letters = [\"base.jsonl\", \"/srv/old\"]\nmapping = \"mapping.txt\"\nmemory = \"64 MiB\"\ntime = \"90 min\"\npromote = true",
    )
    .unwrap();
    assert_eq!((retrain.memory, retrain.time), (64 << 20, Duration::from_secs(5_400)));
    let paths: Vec<_> = retrain.letters.iter().map(|path| path.to_string_lossy()).collect();
    assert_eq!(paths, ["/etc/postbud/base.jsonl", "/srv/old"]);
    assert_eq!(retrain.mapping.as_deref(), Some(Path::new("/etc/postbud/mapping.txt")));
    assert!(retrain.promote);
}

#[test]
fn what_cannot_be_is_named() {
    for (text, part) in [
        ("every = \"0d\"", "1d to 31d"),
        ("every = \"often\"", "1d to 31d"),
        ("every = \"1d\"\nweekday = \"sunday\"", "weekday says already"),
        ("every = \"2h\"\nat = \"02:30\"", "leave at out"),
        ("at = \"25:00\"", "a time of day"),
        ("weekday = \"sundy\"", "sunday"),
        ("memory = \"2 GB\"", "MiB, GiB"),
        ("memory = \"1 MiB\"", "MiB, GiB"),
        ("time = \"8000 h\"", "min, h, s"),
        ("nonsense = 1", "there is no key"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.contains(part), "{text}: {said}");
    }
}
