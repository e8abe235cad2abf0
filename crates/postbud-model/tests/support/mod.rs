//! A small training set of our own, for tests that need a model.

#![allow(dead_code, reason = "each test uses its part")]

use postbud_model::{Example, Model, Text, TrainOptions, train};

/// Subject, body, label.
pub(crate) type Letter = (&'static str, &'static str, &'static str);

pub(crate) const LETTERS: [Letter; 24] = [
    ("Pas", "Jeg skal have nyt pas inden ferien. Hvor får jeg taget foto?", "borgerservice"),
    ("", "mit pas er udløbet, kan jeg få tid til et nyt pas på mandag", "borgerservice"),
    ("kørekort", "Jeg har tabt mit kørekort og skal bruge et nyt.", "borgerservice"),
    ("Flytning", "Vi er flyttet til Åvej 3 og vil melde flytning.", "borgerservice"),
    ("MitID", "Mit MitID er spærret. Kan I åbne det? CPR 010190-0000", "borgerservice"),
    ("navn", "Jeg vil gerne ændre mit efternavn efter vielsen", "borgerservice"),
    ("Hul i vejen", "Der er et stort hul i vejen ud for nummer 12.", "vej-park"),
    ("", "gadelyset er gået på Søndergade, det er helt mørkt", "vej-park"),
    ("Sne", "Fortovet er ikke ryddet for sne, og vejen er glat.", "vej-park"),
    ("huller", "Vejen er fuld af huller efter frosten, asfalten smuldrer", "vej-park"),
    ("Træ", "Et træ er væltet ud over fortovet ved parken", "vej-park"),
    ("skilt", "Vejskiltet ved rundkørslen er kørt ned", "vej-park"),
    ("Skrald", "Skraldebilen glemte at tømme vores beholder i går.", "affald"),
    ("", "beholderen er ikke tømt i tre uger og affaldet lugter", "affald"),
    ("storskrald", "Hvornår henter I storskrald? Vi har en gammel sofa.", "affald"),
    ("Genbrug", "Er genbrugspladsen åben på søndag? Vi har haveaffald.", "affald"),
    ("ny beholder", "Låget på vores skraldespand er knækket", "affald"),
    ("sortering", "Skal pap og plast i samme beholder?", "affald"),
    ("Børnehave", "Vi vil skrive vores søn op til en plads i børnehaven.", "pladsanvisning"),
    ("vuggestue", "Er der plads i vuggestuen fra 1. maj til vores datter?", "pladsanvisning"),
    ("", "hvor lang er ventelisten til dagpleje", "pladsanvisning"),
    ("Udmeldelse", "Vi opsiger pladsen i børnehaven, da vi flytter.", "pladsanvisning"),
    ("friplads", "Kan vi få økonomisk fripladstilskud til vuggestuen?", "pladsanvisning"),
    ("skift", "Vi ønsker at skifte fra dagpleje til vuggestue", "pladsanvisning"),
];

pub(crate) fn examples(letters: &[Letter]) -> Vec<Example<'_>> {
    letters
        .iter()
        .map(|&(subject, body, label)| Example {
            text: Text { subject, body },
            label,
            group: None,
            sender: None,
            language: None,
        })
        .collect()
}

pub(crate) fn model() -> Model {
    train(&examples(&LETTERS), &TrainOptions::default(), &|_| ()).expect("the letters are good")
}
