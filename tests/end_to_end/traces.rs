//! The way of a letter as one trace, whichever processes it goes through, sent to a real receiver
//! of OTLP.

use std::collections::BTreeSet;

use postbud_testkit::free_port;
use postbud_testkit::marks;

use crate::collector::{Collector, Span};
use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, postbud, wait_until};

const UUID: &str = "8c2ea15d-61fb-4ba9-9366-42f8b194c114";

/// The spans of one letter by their names, once all of these are there.
fn of_letter(collector: &Collector, letter: &str, names: &[&str]) -> Vec<Span> {
    let found = |name: &str| {
        let mut spans = collector.spans().into_iter();
        spans.find(|span| span.letter == letter && span.name == name)
    };
    wait_until(&format!("{names:?} of {letter}"), || {
        names.iter().all(|name| found(name).is_some())
    });
    names.iter().map(|name| found(name).unwrap()).collect()
}

/// One letter for a mailbox and one for a person, by processes of their own for each step.
fn one_trace_through_three_processes(config: &str) {
    let collector = Collector::start();
    let here = Installation::with(&format!("{config}\n{}", collector.section()));
    here.write("in/1.xml", memo(UUID, "Fortroligt emne", STORSKRALD));
    here.write("in/2.eml", mail("Hej", "Kan I ringe til mig? Det haster lidt."));
    assert_eq!(here.json(&["send", "in"])["sent"], 2);
    let start = |part| here.start(postbud(&here.path(""), &["run", part]));
    let (router, delivery) = (start("router"), start("delivery"));
    here.wait_for("delivered", 1);
    here.wait_for("review", 1);
    let spans = of_letter(&collector, UUID, &["intake", "route", "deliver"]);
    let [intake, route, deliver] = spans.as_slice() else { panic!("three spans") };
    assert_eq!([&intake.part, &route.part, &deliver.part], ["send", "router", "delivery"]);
    // One trace, and everything in it hangs on how the letter came in.
    assert_eq!((intake.trace.len(), intake.parent.as_str()), (32, ""));
    assert_eq!([&route.trace, &deliver.trace], [&intake.trace; 2]);
    assert_eq!([&route.parent, &deliver.parent], [&intake.id; 2]);
    assert_eq!(BTreeSet::from([&intake.id, &route.id, &deliver.id]).len(), 3);

    // The other letter has a trace of its own, and grows when a person has decided.
    let waiting = here.json(&["letters", "--state", "review"]);
    let other = waiting["letters"][0]["letter"].as_str().unwrap().to_owned();
    here.json(&["assign", &other, "affald", "--by", "anna"]);
    here.wait_for("delivered", 2);
    let spans = of_letter(&collector, &other, &["intake", "route", "deliver"]);
    assert!(spans.iter().all(|span| span.trace == spans[0].trace), "{spans:?}");
    assert_ne!(spans[0].trace, intake.trace);

    assert_eq!((router.terminate(), delivery.terminate()), (0, 0));
    let all = collector.text();
    for secret in ["storskrald", "Fortroligt", "ringe", marks::CPR, marks::NAME, marks::WORD, "@"] {
        assert!(!all.contains(secret), "{secret} in a trace");
    }
}

#[test]
fn a_letter_is_one_trace_through_all_processes_on_one_machine() {
    one_trace_through_three_processes(&embedded());
}

#[test]
fn a_letter_is_one_trace_through_all_processes_in_production() {
    let Some(servers) = servers("traces") else {
        return;
    };
    one_trace_through_three_processes(&production(&servers, None));
}

#[test]
fn what_is_left_is_sent_at_the_end_of_the_process() {
    let collector = Collector::start();
    // Within this test nothing is sent by the clock.
    let section = collector.section().replace("every_seconds = 1", "every_seconds = 60");
    let here = Installation::with(&format!("{}\n{section}", embedded()));
    here.write("a.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.json(&["send", "a.xml"]);
    assert_eq!(collector.spans().len(), 1, "the command has ended, its span is there");
    let running = here.run(None);
    here.wait_for("delivered", 1);
    assert_eq!(running.terminate(), 0);
    of_letter(&collector, UUID, &["intake", "route", "deliver"]);
}

#[test]
fn a_collector_that_is_away_is_said_once_and_holds_up_no_letter() {
    let closed = free_port().unwrap();
    let here = Installation::with(&format!(
        "{}\n[traces]\nendpoint = \"http://127.0.0.1:{closed}/v1/traces\"\nevery_seconds = 1\n",
        embedded()
    ));
    let running = here.run(None);
    here.write("a.xml", memo(UUID, "Til kommunen", STORSKRALD));
    here.json(&["send", "a.xml"]);
    here.wait_for("delivered", 1);
    let said = || running.log().matches("the collector takes no traces").count();
    wait_until("a word about the collector", || said() == 1);
    here.write("b.eml", mail("Storskrald", "Hvornår henter I storskrald her?"));
    here.json(&["send", "b.eml"]);
    here.wait_for("delivered", 2);
    let log = running.log();
    assert_eq!(running.terminate(), 0);
    assert_eq!(log.matches("the collector takes no traces").count(), 1, "{log}");
}
