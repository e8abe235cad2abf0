//! What a citizen can ask for, done by an auditor: everything held about them, that it is erased, that
//! nothing about them is decided automatically.
//!
//! The CPR number travels in the body of a form and nowhere else: it is in no address, no log and no
//! page that comes back.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use postbud_letter::privacy::cpr_numbers;
use postbud_pipeline::ports::{Erasure, People, PeopleError};
use serde::Deserialize;
use tracing::error;

use super::{Person, html};
use crate::Room;
use crate::calendar::day_of;
use crate::error::Problem;
use crate::language::Words;

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    w: Words,
    person: Option<Person>,
    /// What was done, a line each; none before.
    said: Vec<String>,
    /// Backups that still hold the person: folder, made, kept until.
    backups: Vec<(String, String, String)>,
    /// Is there anything behind the page?
    open: bool,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    cpr: String,
    /// `lift` lifts a restriction.
    #[serde(default)]
    how: String,
    /// Set when somebody has said that they are sure.
    #[serde(default)]
    sure: String,
}

fn shown(room: &Room, w: Words, person: Person, said: Vec<String>) -> PersonPage {
    let open = room.options.people.is_some();
    PersonPage { w, person: Some(person), said, backups: Vec::new(), open }
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
) -> Response {
    html(&shown(&room, Words::of(&headers), person, Vec::new()))
}

/// The ten digits of a form, and who acts on them.
fn asked(room: &Room, w: Words, form: &Asked) -> Result<(Arc<dyn People>, String), Problem> {
    let people = room.options.people.clone().ok_or_else(|| Problem::missing(w))?;
    match cpr_numbers(&form.cpr).as_slice() {
        [one] => Ok((people, one.clone())),
        _ => {
            // What was given is not repeated: it may be a number all the same.
            let message =
                w.t("Skriv ét CPR-nummer på ti cifre.", "Write one CPR number of ten digits.");
            let title = ("Intet CPR-nummer", "No CPR number");
            Err(Problem::new(w, StatusCode::BAD_REQUEST, title, message.to_owned()))
        }
    }
}

fn failed(w: Words, error: &PeopleError) -> Problem {
    error!(%error, "what a person asked for cannot be done");
    let message = w.t(
        "Det kunne ikke gøres færdigt. Prøv igen; loggen siger hvorfor.",
        "It could not be finished. Try again; the log says why.",
    );
    let title = ("Det gik ikke", "That did not work");
    Problem::new(w, StatusCode::SERVICE_UNAVAILABLE, title, message.to_owned())
}

pub(crate) async fn export(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (people, cpr) = asked(&room, w, &form)?;
    let handed = people.export(&cpr, &person.name).await.map_err(|error| failed(w, &error))?;
    let head = [
        (CONTENT_TYPE, "application/zip"),
        (CONTENT_DISPOSITION, "attachment; filename=\"oplysninger.zip\""),
    ];
    Ok((head, handed.archive).into_response())
}

pub(crate) async fn restrict(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (people, cpr) = asked(&room, w, &form)?;
    let on = form.how != "lift";
    people.restrict(&cpr, &person.name, on).await.map_err(|error| failed(w, &error))?;
    let said = if on {
        w.t(
            "Fra nu af fordeler en medarbejder hvert brev, der nævner personen.",
            "From now on a person decides about every letter that names this person.",
        )
    } else {
        w.t(
            "Breve, der nævner personen, fordeles igen som andre.",
            "Letters that name this person are decided like others again.",
        )
    };
    Ok(html(&shown(&room, w, person, vec![said.to_owned()])))
}

pub(crate) async fn erase(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let (people, cpr) = asked(&room, w, &form)?;
    if form.sure.is_empty() {
        let message = w.t("Sæt kryds ved, at det skal slettes.", "Tick that it shall be erased.");
        let title = ("Ikke bekræftet", "Not confirmed");
        return Err(Problem::new(w, StatusCode::BAD_REQUEST, title, message.to_owned()));
    }
    let erased = people.erase(&cpr, &person.name).await.map_err(|error| failed(w, &error))?;
    let backups = erased
        .backups
        .iter()
        .map(|backup| (backup.folder.clone(), day_of(backup.made_at), day_of(backup.kept_until)));
    let backups = backups.collect();
    Ok(html(&PersonPage { backups, ..shown(&room, w, person, told(w, &erased)) }))
}

/// What was erased, in lines.
fn told(w: Words, erased: &Erasure) -> Vec<String> {
    let mut said = vec![
        format!("{}: {}", w.t("Breve slettet", "Letters erased"), erased.letters),
        format!("{}: {}", w.t("Strandede breve slettet", "Dead letters erased"), erased.dead),
        format!("{}: {}", w.t("Filer slettet", "Files erased"), erased.files),
    ];
    if !erased.on_their_way.is_empty() {
        let waits = w.t(
            "Breve på vej til en postkasse, som er her endnu; prøv igen, når de er leveret",
            "Letters on their way to a mailbox that are still here; try again when they are delivered",
        );
        said.push(format!("{waits}: {}", erased.on_their_way.len()));
    }
    if erased.unread > 0 {
        let unread = w.t(
            "Strandede breve, som ikke kan læses og er der stadig",
            "Dead letters that cannot be read and are still there",
        );
        said.push(format!("{unread}: {}", erased.unread));
    }
    said.extend(left(w, erased));
    let backups = match (erased.backups_known, erased.backups.is_empty()) {
        (false, _) => w.t(
            "Hvilke sikkerhedskopier personen stadig er i, vides ikke: driften kan angive deres mapper.",
            "Which backups still hold the person is not known: operations can name their folders.",
        ),
        (true, true) => w.t(
            "Ingen sikkerhedskopi rummer det slettede.",
            "No backup holds what was erased.",
        ),
        (true, false) => w.t(
            "Personen er stadig i disse sikkerhedskopier:",
            "The person is still in these backups:",
        ),
    };
    said.push(backups.to_owned());
    said
}

/// Where the person may still be beside backups, in lines.
fn left(w: Words, erased: &Erasure) -> Vec<String> {
    let mut said = Vec::new();
    if erased.unread_files > 0 {
        let unread = w.t(
            "Filer, som ikke kan læses eller slettes, eller som rummer andres breve, og er der stadig; \
             driften kan se på dem",
            "Files that cannot be read or removed, or that hold letters of others, and are still \
             there; operations can look at them",
        );
        said.push(format!("{unread}: {}", erased.unread_files));
    }
    if erased.waiting > 0 {
        let waiting = w.t(
            "Breve i køen, hvor det ikke vides endnu, hvem de nævner; prøv igen, når de er fordelt",
            "Letters on the queue of which nobody knows yet whom they name; try again when they are \
             routed",
        );
        said.push(format!("{waiting}: {}", erased.waiting));
    }
    if erased.imap {
        let imap = w.t(
            "Breve, der er hentet med IMAP, ligger også i mailserverens mapper, hvor Postbud ikke \
             leder: slet dem der.",
            "Letters that were fetched over IMAP also lie in the mail server's folders, which Postbud \
             does not search: erase them there.",
        );
        said.push(imap.to_owned());
    }
    said
}
