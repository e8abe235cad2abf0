//! From the text of a file to a checked configuration.

use std::path::Path;

use postbud_decide::Settings;
use toml_edit::{Document, Item};

use super::report::{ConfigReport, Notes, Warning};
use super::section::{Reader, Section};
use super::targets::Ways;
use super::types::Config;
use super::{
    checks, clamd, delivery, desk, documents, intake, kle, mailboxes, metrics, plain, privacy,
    retrain, rules, services, syntax, traces,
};

/// Relative paths start in this folder instead of the directory of the file.
pub(super) const FOLDER: &str = "folder";

/// Reads a configuration. `file` is its name in the report; relative paths in it start at `base`,
/// unless it names a folder.
pub(super) fn read(
    text: &str,
    file: &str,
    base: &Path,
) -> Result<(Config, Vec<Warning>), ConfigReport> {
    let report = |faults, warnings| ConfigReport { file: file.to_owned(), faults, warnings };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return Err(report(syntax::faults(text, &error), Vec::new())),
    };
    let base = base.join(folder(&document));
    let reader = Reader::new(text, &base);
    let config = walk(&reader, &document);
    let mut notes: Notes = reader.into_notes();
    notes.sort();
    match config {
        Some(config) if notes.faults.is_empty() => Ok((config, notes.warnings)),
        _ => Err(report(notes.faults, notes.warnings)),
    }
}

/// Where relative paths start, seen from the directory of the file. What is no text is reported on
/// the walk.
fn folder<'d>(document: &'d Document<&str>) -> &'d str {
    document.get(FOLDER).and_then(Item::as_str).unwrap_or_default()
}

fn walk(reader: &Reader<'_>, document: &Document<&str>) -> Option<Config> {
    let root = Section::new(reader, String::new(), Some(document.as_table()), None);
    if let Some(item) = root.item(FOLDER).filter(|item| !item.is_str()) {
        root.wrong_type(FOLDER, item, "a folder as text", "\"/var/lib/postbud\"");
    }
    let (store, store_keys) = services::store(root.section("store"));
    let queue = services::queue(root.section("queue"));
    let model = services::model(root.section("model"));
    let (promise, must_not_miss_probability) = plain::promise(root.section("promise"));
    let delivery_section = root.section("delivery");
    let ways = Ways::of(&delivery_section);
    let delivery = delivery::delivery(delivery_section, &queue.kind);
    let ways = ways.and(&delivery);
    let limits = plain::limits(root.section("limits"));
    let documents = documents::documents(root.section("documents"));
    let clamd = clamd::clamd(root.section("clamd"));
    let privacy = privacy::privacy(root.section("privacy"), root.section("retention"));
    let retrain = retrain::retrain(root.section("retrain"));
    let intake = intake::intake(root.section("intake"));
    let log = plain::log(root.section("log"));
    let metrics = metrics::metrics(root.section("metrics"));
    let traces = traces::traces(root.section("traces"));
    let kle = kle::kle(root.section("kle"));
    let mailboxes = mailboxes::mailboxes(&root);
    let ids: Vec<&str> = mailboxes.iter().map(|read| read.mailbox.id.as_str()).collect();
    for (mailbox, _) in &delivery.terms {
        if !ids.contains(&mailbox.as_str()) {
            let what = format!("there is no mailbox \"{mailbox}\"");
            reader.fault(None, "delivery.mailbox.id", what, "the id of a [[mailbox]]");
        }
    }
    let rules = rules::rules(&root, &ids);
    let desk = desk::desk(root.section("desk"), &ids);
    // A mailbox that could not be read was already reported; "no mailbox" would be untrue.
    if !mailboxes.is_empty() || !root.has("mailbox") {
        checks::check(reader, &mailboxes, &rules, &ways, &queue, &kle, documents.is_some());
    }
    root.finish();
    let settings = Settings {
        mailboxes: mailboxes.into_iter().map(|read| read.mailbox).collect(),
        rules: rules.into_iter().map(|read| read.rule).collect(),
        must_not_miss_probability,
        by_kle: kle.route,
    };
    Some(Config {
        store,
        store_keys,
        queue,
        model,
        promise,
        delivery,
        limits,
        documents,
        clamd,
        privacy,
        intake,
        retrain,
        desk,
        metrics,
        traces,
        log,
        settings,
    })
}
