//! Any text gets a configuration or a report, and never a panic.

use std::path::Path;

use super::super::{from_str, template};

/// A small generator (xorshift), so that the same texts are tried every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }
}

/// The template with one line changed: cut, doubled, or given another value.
fn damaged(random: &mut Random) -> String {
    const VALUES: [&str; 12] = [
        "1",
        "-1",
        "1.5",
        "nan",
        "true",
        "\"\"",
        "\"æ\"",
        "[]",
        "[1]",
        "{}",
        "{ a = 1 }",
        "1979-05-27",
    ];
    let mut lines: Vec<String> = template().lines().map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(lines.len());
        let line = lines[at].trim_start_matches("# ").to_owned();
        lines[at] = match random.below(5) {
            0 => String::new(),
            1 => line.chars().take(random.below(line.len())).collect(),
            2 => format!("{line}\n{line}"),
            3 => format!("{}{}", line, ["=", "\"", "]", "[", "\u{0}"][random.below(5)]),
            _ => match line.split_once('=') {
                Some((key, _)) => format!("{key}= {}", VALUES[random.below(VALUES.len())]),
                None => format!("x{line}"),
            },
        };
    }
    lines.join("\n")
}

#[test]
fn a_damaged_file_gets_a_report_that_points_into_it() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..400 {
        let text = damaged(&mut random);
        match from_str(&text, Path::new("/srv/postbud")) {
            Ok(_) => good += 1,
            Err(report) => {
                bad += 1;
                assert!(!report.faults.is_empty());
                for fault in &report.faults {
                    let lines = text.lines().count() + 1;
                    assert!(fault.at.is_none_or(|at| (1..=lines).contains(&at.line)), "{fault}");
                    assert!(!fault.what.is_empty() && !fault.instead.is_empty(), "{fault}");
                }
            }
        }
    }
    assert!(good > 20 && bad > 100, "{good} good, {bad} bad: the damage is not what it should be");
}

#[test]
fn deep_and_odd_files() {
    for text in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(50_000)),
        format!("a{} = 1", ".a".repeat(50_000)),
        "\u{feff}[store]\n".to_owned(),
        "\u{0}".to_owned(),
        "= = =\n".repeat(1000),
        "\r\n\r".to_owned(),
    ] {
        assert!(from_str(&text, Path::new("")).is_err());
    }
}
