//! The mail changes: the thresholds of the mailboxes that this concerns are withdrawn, their letters go to
//! people, and log and metrics say so.

use postbud_testkit::free_port;

use crate::monitoring::get;
use crate::retraining::lines;
use crate::settings::{embedded, mail, model};
use crate::support::{Installation, wait_until};

const WITHDRAWN: &str = "postbud_thresholds_withdrawn{why=\"drift\"}";
/// Enough to tell a drift from chance.
const LETTERS: usize = 120;

fn hole(number: usize) -> String {
    let text = format!("Der er et hul i vejen, nummer {number} og {}.", number * 7919 % 1000);
    mail(&format!("Sag {number}"), &text)
}

fn withdrawn(metrics: u16) -> bool {
    let (status, body) = get(metrics, "/metrics");
    status == 200 && body.lines().any(|line| line == format!("{WITHDRAWN} 1"))
}

#[test]
fn letters_of_a_mailbox_whose_mail_has_changed_go_to_people() {
    let metrics = free_port().unwrap();
    let park = "deliver = \"maildir:mailboxes/vej-park\"";
    let config = embedded()
        .replace(park, &format!("{park}\nautomatic = true"))
        .replace(&model(), "models/klit");
    let here = Installation::with(&format!(
        "[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n[promise]\ntarget_error = 0.05\n{config}"
    ));
    // A third of the training letters is about roads.
    here.write("training.jsonl", lines(0..240));
    here.json(&["train", "--letters", "training.jsonl", "--out", "models/klit"]);

    let running = here.run(None);
    for number in 0..LETTERS {
        here.write(&format!("in/{number}.eml"), hole(number));
    }
    here.json(&["send", "in"]);
    here.wait_for("delivered", LETTERS);
    assert!(!withdrawn(metrics), "nothing was known of it");
    assert_eq!(running.terminate(), 0);

    // Now all of them are. It is seen before the first letter.
    let running = here.run(None);
    running.wait_for_log("certified thresholds are withdrawn");
    assert!(running.log().contains("vej-park"), "{}", running.log());
    wait_until("the metric", || withdrawn(metrics));
    here.write("next.eml", hole(LETTERS));
    here.json(&["send", "next.eml"]);
    here.wait_for("review", 1);
    assert_eq!(running.terminate(), 0);
    let list = here.json(&["letters", "--state", "review"]);
    let id = list["letters"][0]["letter"].as_str().unwrap();
    let shown = here.json(&["letters", "show", id]);
    let doubts = &shown["letter"]["decisions"][0]["reason"]["doubts"];
    assert_eq!(doubts[0]["doubt"], "not-certified", "{doubts}");
}
