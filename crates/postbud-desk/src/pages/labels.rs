//! What people said about letters: who said what, where they disagree, which letters to ask about
//! next, and what is made of it.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postbud_decide::MailboxId;
use postbud_letter::LetterId;
use postbud_pipeline::ports::{
    DeskError, ImportState, LabelCount, LabelFilter, LabelRow, LabelSource, LetterRow,
    RetrainOutcome, RetrainRow, Role,
};
use serde::Deserialize;

use super::{Person, html, name_of};
use crate::Room;
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;
use crate::restricted::may_see;
use crate::worth::worth;

/// So many labels are on a page.
const PAGE: u32 = 50;
/// So many waiting letters are looked through for those worth labelling.
const LOOKED_AT: u32 = 2_000;
/// So many of them are shown.
const SHOWN: usize = 12;
/// So many retrainings are shown.
const RETRAINS: u32 = 10;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    by: String,
    #[serde(default)]
    mailbox: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    disputed: String,
    #[serde(default)]
    offset: u32,
}

struct Line {
    letter: String,
    number: u32,
    at: String,
    mailbox: String,
    by: String,
    source: &'static str,
    says: String,
    can_withdraw: bool,
}

struct Worth {
    letter: String,
    subject: String,
    why: String,
}

struct Training {
    at: String,
    by: String,
    says: &'static str,
    version: String,
    detail: String,
    running: bool,
}

#[derive(Template)]
#[template(path = "labels.html")]
struct Page {
    w: Words,
    person: Option<Person>,
    owner: bool,
    reads: bool,
    counts: Vec<(LabelCount, &'static str, String)>,
    lines: Vec<Line>,
    mailboxes: Vec<(String, String)>,
    sources: Vec<(&'static str, &'static str)>,
    by: String,
    mailbox: String,
    source: String,
    disputed: bool,
    /// Where the next page begins; 0: there is none.
    next: u32,
    worth: Vec<Worth>,
    trainings: Vec<Training>,
    can_train: bool,
    running: bool,
    training_now: bool,
    /// How far it has come: so many of so many steps.
    part: Option<(u64, u64)>,
    said: String,
    import: ImportState,
}

fn source(w: Words, source: LabelSource) -> &'static str {
    match source {
        LabelSource::Desk => w.t("skranken", "desk"),
        LabelSource::Terminal => w.t("terminalen", "terminal"),
        LabelSource::BlindSample => w.t("blind stikprøve", "blind sample"),
        LabelSource::Returned => w.t("sendt tilbage", "returned"),
        LabelSource::Imported => w.t("importeret", "imported"),
    }
}

fn line(room: &Room, w: Words, label: &LabelRow) -> Line {
    let says = match &label.withdrawn {
        Some(gone) => {
            let withdrawn = w.t("trukket tilbage af", "withdrawn by");
            format!("{withdrawn} {}: {}", gone.by, gone.why)
        }
        None if label.holds => w.t("gælder", "holds").to_owned(),
        None => w.t("rettet siden", "corrected since").to_owned(),
    };
    Line {
        letter: label.letter.to_string(),
        number: label.number,
        at: moment(label.at),
        mailbox: name_of(&room.options.settings, &label.mailbox),
        by: label.by.clone(),
        source: source(w, label.source),
        says,
        can_withdraw: label.withdrawn.is_none(),
    }
}

fn outcome(w: Words, outcome: RetrainOutcome) -> &'static str {
    match outcome {
        RetrainOutcome::Running => w.t("i gang", "running"),
        RetrainOutcome::Unchanged => w.t("intet nyt at lære af", "nothing new to learn from"),
        RetrainOutcome::TooFew => w.t("for lidt at lære af endnu", "too little to learn from yet"),
        RetrainOutcome::Version => w.t("ny version lavet", "a new version was made"),
        RetrainOutcome::Promoted => w.t("ny version taget i brug", "a new version took over"),
        RetrainOutcome::Failed => w.t("mislykkedes", "failed"),
        RetrainOutcome::OutOfMemory => w.t("for lidt hukommelse", "not enough memory"),
        RetrainOutcome::OutOfTime => w.t("tog for lang tid", "took too long"),
    }
}

fn training(w: Words, row: &RetrainRow) -> Training {
    Training {
        at: moment(row.started_at),
        by: match row.by.as_str() {
            "schedule" => w.t("planen", "the schedule").to_owned(),
            by => by.to_owned(),
        },
        says: outcome(w, row.outcome),
        version: row.version.clone().unwrap_or_default(),
        detail: row.detail.clone(),
        running: row.outcome == RetrainOutcome::Running,
    }
}

async fn letters_worth(room: &Room, w: Words, person: &Person) -> Result<Vec<Worth>, DeskError> {
    let unsure = room.store.unsure(LOOKED_AT).await?;
    // Some may be letters that this person does not see.
    let taken = worth(unsure.iter().map(|(_, decision)| decision), SHOWN * 3);
    let mut shown = Vec::new();
    for taken in taken {
        let Some((row, _)) = unsure.get(taken.index) else { continue };
        if shown.len() == SHOWN {
            break;
        }
        if may_see(room, &person.name, &row.letter).await? {
            let (unsure, different) = (w.percent(taken.unsure), w.percent(taken.different));
            let why = match w.code() {
                "da" => format!("usikkerhed {unsure}, anderledes end de forrige {different}"),
                _ => format!("uncertainty {unsure}, unlike those before {different}"),
            };
            shown.push(Worth { letter: row.letter.to_string(), subject: subject(w, row), why });
        }
    }
    Ok(shown)
}

fn subject(w: Words, row: &LetterRow) -> String {
    match row.subject.trim() {
        "" => w.t("(uden emne)", "(no subject)").to_owned(),
        subject => subject.to_owned(),
    }
}

/// The labels asked for that this person may see, and where the next page begins.
async fn labels(
    room: &Room,
    person: &Person,
    asked: &Asked,
) -> Result<(Vec<LabelRow>, u32), DeskError> {
    let filter = LabelFilter {
        letter: None,
        mailbox: MailboxId::parse(&asked.mailbox).ok(),
        source: LabelSource::parse(&asked.source),
        disputed: !asked.disputed.is_empty(),
        limit: PAGE,
        offset: asked.offset,
    };
    let by = Some(asked.by.trim()).filter(|by| !by.is_empty());
    let found = room.store.latest_labels(&filter, by).await?;
    let next = if found.len() == PAGE as usize { asked.offset.saturating_add(PAGE) } else { 0 };
    let mut open = Vec::with_capacity(found.len());
    for label in found {
        if may_see(room, &person.name, &label.letter).await? {
            open.push(label);
        }
    }
    Ok((open, next))
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let problem = |error| Problem::desk(w, &error);
    let counts = room.store.label_counts().await.map_err(problem)?;
    let (found, next) = labels(&room, &person, &asked).await.map_err(problem)?;
    let reads = person.reads_letters();
    let worth = match reads {
        true => letters_worth(&room, w, &person).await.map_err(problem)?,
        false => Vec::new(),
    };
    let retrains = room.store.retrains(RETRAINS).await;
    let retrains = retrains.map_err(|error| Problem::store(w, &error))?;
    let (training_now, import) = match &room.options.models {
        Some(models) => (models.retrain_state().await, models.import_state().await),
        None => Default::default(),
    };
    let mailboxes = room.options.settings.mailboxes.iter();
    let trainings: Vec<Training> = retrains.iter().map(|row| training(w, row)).collect();
    let counts = counts.into_iter().map(|count| {
        let (from, last) = (source(w, count.source), moment(count.last));
        (count, from, last)
    });
    Ok(html(&Page {
        w,
        owner: person.role == Role::Owner,
        reads,
        person: Some(person),
        counts: counts.collect(),
        lines: found.iter().map(|label| line(&room, w, label)).collect(),
        mailboxes: mailboxes.map(|m| (m.id.to_string(), m.name.clone())).collect(),
        sources: LabelSource::ALL.into_iter().map(|s| (s.as_str(), source(w, s))).collect(),
        by: asked.by,
        mailbox: asked.mailbox,
        source: asked.source,
        disputed: !asked.disputed.is_empty(),
        next,
        worth,
        can_train: room.options.models.is_some(),
        running: training_now.running
            || import.running
            || trainings.first().is_some_and(|first| first.running),
        training_now: training_now.running,
        trainings,
        part: training_now.part,
        said: w.said(&training_now.said).to_owned(),
        import,
    }))
}

/// A letter's id as a form sends it.
pub(super) fn letter_of(w: Words, text: &str) -> Result<LetterId, Problem> {
    LetterId::parse(text.trim()).map_err(|_| Problem::missing(w))
}
