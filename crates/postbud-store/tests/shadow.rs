//! What the challenger said, stored with the letter and compared with the champion.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use postbud_decide::ModelId;
use postbud_pipeline::ports::{
    Entry, Recorded, Shadow, ShadowDifference, ShadowLabelled, Shadows as _, Store as _,
};
use support::{Fixture, assignment, at, entry, letter, mailbox};

support::on_both!(
    both_decisions_are_stored_with_the_letter,
    champion_and_challenger_are_counted_on_the_same_letters,
    people_say_which_one_is_right,
    what_cannot_be_stored_of_a_challenger_does_not_cost_the_letter,
    a_letter_that_is_deleted_takes_its_shadow_with_it,
);

/// The model that `support::decision` names, and the one beside it.
const CHAMPION: &str = "klitkobing/1@9f2c";
const CHALLENGER: &str = "klitkobing/2@77aa";

fn model(id: &str) -> ModelId {
    ModelId(id.to_owned())
}

/// The champion names Byggesag first, and routes to `to` when given; the challenger names `said`.
fn shadowed(id: &str, to: Option<&str>, said: &str, routed: bool) -> Entry {
    let mut entry = entry(id, &format!("raw {id}"), to);
    let (model, mailbox) = (model(CHALLENGER), mailbox(said));
    entry.shadow = Some(Shadow { model, mailbox, probability: 2.0 / 3.0, routed });
    entry
}

async fn both_decisions_are_stored_with_the_letter(fixture: &Fixture) {
    let batch = [shadowed("a", None, "Teknik", true), entry("b", "raw b", None)];
    fixture.store.record(&batch).await.unwrap();
    let runs = fixture.store.shadow_runs(10).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].challenger, model(CHALLENGER));
    assert_eq!(runs[0].champion, Some(model(CHAMPION)));
    assert_eq!((runs[0].letters, runs[0].first, runs[0].last), (1, at(0), at(0)));
    // The same letter again: nothing is written twice.
    let again = fixture.store.record(&batch).await.unwrap();
    assert_eq!(again, [Recorded::Known, Recorded::Known]);
    assert_eq!(fixture.store.shadow_runs(10).await.unwrap(), runs);
    // Another letter under the same id waits in quarantine and is no part of a comparison.
    let mut clash = shadowed("a", None, "Teknik", true);
    clash.raw = "other".into();
    clash.raw_id = support::raw_id(b"other");
    assert_eq!(fixture.store.record(&[clash]).await.unwrap(), [Recorded::Clash]);
    assert_eq!(fixture.store.shadow_runs(10).await.unwrap(), runs);
}

async fn champion_and_challenger_are_counted_on_the_same_letters(fixture: &Fixture) {
    let mut batch = vec![
        shadowed("agree", None, "Byggesag", false),
        shadowed("agree-routed", Some("Byggesag"), "Byggesag", true),
        shadowed("apart", Some("Byggesag"), "Teknik", true),
        shadowed("only-champion", Some("Byggesag"), "Teknik", false),
        shadowed("only-challenger", None, "Borgerservice", true),
    ];
    let mut other = shadowed("another-run", None, "Teknik", true);
    other.shadow.as_mut().unwrap().model = model("klitkobing/3@11");
    batch.push(other);
    fixture.store.record(&batch).await.unwrap();
    let (champion, challenger) = (model(CHAMPION), model(CHALLENGER));
    let counts = fixture.store.shadow_counts(&champion, &challenger).await.unwrap();
    assert_eq!((counts.letters, counts.agree), (5, 2));
    assert_eq!((counts.champion_routed, counts.challenger_routed), (3, 3));
    assert_eq!((counts.both_routed, counts.both_routed_apart), (2, 1));
    assert_eq!(counts.labelled, ShadowLabelled::default());
    let pairs: Vec<(&str, u64)> =
        counts.differences.iter().map(|d| (d.challenger.as_str(), d.letters)).collect();
    assert_eq!(pairs, [("Teknik", 2), ("Borgerservice", 1)]);
    let nobody = fixture.store.shadow_counts(&challenger, &champion).await.unwrap();
    assert_eq!(nobody, Default::default());
}

async fn people_say_which_one_is_right(fixture: &Fixture) {
    let batch = [
        shadowed("both", None, "Byggesag", true),
        shadowed("champion", None, "Teknik", true),
        shadowed("challenger", None, "Teknik", true),
        shadowed("neither", None, "Teknik", false),
        shadowed("not-labelled", None, "Teknik", false),
    ];
    fixture.store.record(&batch).await.unwrap();
    let said = [("both", "Byggesag"), ("champion", "Byggesag"), ("challenger", "Teknik")];
    for (id, to) in said.into_iter().chain([("neither", "Miljø")]) {
        fixture.store.assign(&assignment(id, to, "Anna", true)).await.unwrap();
    }
    let counts = fixture.store.shadow_counts(&model(CHAMPION), &model(CHALLENGER)).await.unwrap();
    assert_eq!(
        counts.labelled,
        ShadowLabelled {
            both: 1,
            only_champion: 1,
            only_challenger: 1,
            neither: 1,
            champion_routed: 0,
            champion_routed_wrong: 0,
            challenger_routed: 3,
            challenger_routed_wrong: 1,
        }
    );
    assert_eq!(
        counts.differences,
        [ShadowDifference {
            champion: mailbox("Byggesag"),
            challenger: mailbox("Teknik"),
            letters: 4,
            champion_right: 1,
            challenger_right: 1,
        }]
    );
}

async fn what_cannot_be_stored_of_a_challenger_does_not_cost_the_letter(fixture: &Fixture) {
    let mut nonsense = shadowed("a", None, "Teknik", true);
    nonsense.shadow.as_mut().unwrap().probability = f64::NAN;
    let mut long = shadowed("b", None, "Teknik", true);
    long.shadow.as_mut().unwrap().model = model(&"x".repeat(100_000));
    let answers = fixture.store.record(&[nonsense, long]).await.unwrap();
    assert_eq!(answers, [Recorded::New, Recorded::New]);
    assert!(fixture.store.shadow_runs(10).await.unwrap().is_empty());
    // Even a table that is not as it should be: the letters are what counts.
    fixture.sql("DROP TABLE shadow_decisions").await;
    let batch = [shadowed("c", None, "Teknik", true), entry("d", "raw d", None)];
    let answers = fixture.store.record(&batch).await.unwrap();
    assert_eq!(answers, [Recorded::New, Recorded::New]);
    assert_eq!(fixture.store.tally().await.unwrap().review, 4);
}

async fn a_letter_that_is_deleted_takes_its_shadow_with_it(fixture: &Fixture) {
    fixture.store.record(&[shadowed("a", None, "Teknik", true)]).await.unwrap();
    assert!(fixture.store.letter(&letter("a")).await.unwrap().is_some());
    fixture.sql("DELETE FROM letters WHERE id = 'a'").await;
    assert!(fixture.store.shadow_runs(10).await.unwrap().is_empty());
}
