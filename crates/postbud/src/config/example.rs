//! Klitkøbing Kommune: the configuration that `postbud init` writes, and the demo's.

use std::path::Path;

use postbud_decide::{Mailbox, Target, Tier};

use super::types::{Config, QueueKind, Store};

/// The commented example: one source for `postbud init` and the demo.
const KLITKOBING: &str = include_str!("klitkobing.toml");

/// Letters for these wait for a person in the demo, too, however certain the model is: a worried
/// letter about a child is read by someone before it goes anywhere.
const WITH_PEOPLE: [&str; 1] = ["boern-familie"];

/// A commented `postbud.toml`. Nothing in it is switched on.
pub(crate) fn template() -> String {
    KLITKOBING.to_owned()
}

/// The same, with its data in this folder.
pub(crate) fn template_for(folder: &str) -> String {
    let here = format!("folder = {}\n", toml_edit::Value::from(folder));
    let lines = KLITKOBING.split_inclusive('\n');
    lines.map(|line| if line.starts_with("# folder = ") { &here } else { line }).collect()
}

/// The configuration of the demo: Klitkøbing's mailboxes as folders in `data_dir`, the store and
/// the built-in queue in one file there, and automatic routing switched on where it makes sense.
pub(crate) fn demo(data_dir: &Path) -> Config {
    let (mut config, _) = super::from_str(KLITKOBING, data_dir)
        .expect("the example is part of the program, and a test checks it");
    config.store = Store::Sqlite { path: data_dir.join("postbud.db") };
    config.queue.kind = QueueKind::Embedded;
    // The default of 2 % takes more checked letters than the demo has; the router would rightly
    // leave everything to people.
    config.promise.target_error = DEMO_TARGET_ERROR;
    for mailbox in &mut config.settings.mailboxes {
        if mailbox.target.is_some() {
            let path = data_dir.join("mailboxes").join(mailbox.id.as_str());
            mailbox.target = Some(Target::Maildir { path: path.to_string_lossy().into_owned() });
        }
        mailbox.automatic = may_be_automatic(mailbox);
    }
    config
}

/// What the demo promises of its automatic routing.
const DEMO_TARGET_ERROR: f64 = 0.05;

fn may_be_automatic(mailbox: &Mailbox) -> bool {
    mailbox.target.is_some()
        && mailbox.tier != Tier::NeverAutomatic
        && !WITH_PEOPLE.contains(&mailbox.id.as_str())
}
