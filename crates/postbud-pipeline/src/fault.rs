//! Named points at which a test can make the process stop, die or panic.
//!
//! Without the cargo feature `fault-points` a point is nothing at all. With it, the environment
//! variable `POSTBUD_FAULT` names points and what happens there, separated by commas:
//! `before-ack=stall` (say so on standard error and sleep for ever, so that a test can kill the
//! process exactly there), `before-commit=abort`, `after-parse=panic`. An action may be limited to
//! letters whose id holds a text: `after-parse=panic:4fd1`.

/// Every point, in the order in which a letter passes them.
pub const POINTS: [&str; 9] = [
    "after-receive",
    "after-parse",
    "after-decide",
    "before-commit",
    "after-commit",
    "before-ack",
    "after-ack",
    "after-claim",
    "after-send",
];

/// Passes the point `name` with the letter or batch called `id`.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn point(_name: &'static str, _id: &str) {}

/// Passes the point `name` with the letter or batch called `id`.
///
/// # Panics
/// When `POSTBUD_FAULT` asks for it.
#[cfg(feature = "fault-points")]
pub fn point(name: &'static str, id: &str) {
    debug_assert!(POINTS.contains(&name), "unknown fault point {name}");
    let Ok(wanted) = std::env::var("POSTBUD_FAULT") else {
        return;
    };
    for entry in wanted.split(',') {
        let Some((at, action)) = entry.split_once('=') else {
            continue;
        };
        let (action, only) = action.split_once(':').unwrap_or((action, ""));
        if at == name && id.contains(only) {
            act(name, action);
        }
    }
}

#[cfg(feature = "fault-points")]
fn act(name: &str, action: &str) {
    match action {
        "abort" => std::process::abort(),
        "panic" => panic!("fault point {name}"),
        "stall" => {
            eprintln!("fault point {name} reached");
            loop {
                std::thread::sleep(std::time::Duration::from_secs(3600));
            }
        }
        other => eprintln!("fault point {name}: unknown action {other}"),
    }
}
