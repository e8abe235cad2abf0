//! The versions of the model: which one decides, how they compare, and changing that.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use postbud_pipeline::ports::{
    ModelChange, ModelList, ModelRole, ModelVersion, Models, ModelsError, Role, ShadowCounts,
    ShadowRun, WHY_CHARS,
};
use serde::Deserialize;

use super::{Person, html};
use crate::Room;
use crate::calendar::moment;
use crate::error::Problem;
use crate::language::Words;

/// So many runs side by side are shown.
const RUNS: u32 = 3;
/// So many changes of roles are shown.
const CHANGES: usize = 20;

struct Line {
    version: u32,
    name: String,
    role: &'static str,
    trained: String,
    letters: String,
    accuracy: String,
    coverage: String,
    faults: Vec<String>,
    can_promote: bool,
    can_challenge: bool,
    challenges: bool,
}

/// A champion and its challenger on the same letters.
struct Side {
    challenger: String,
    champion: String,
    letters: u64,
    since: String,
    agree: String,
    rows: Vec<(&'static str, String, String)>,
}

#[derive(Template)]
#[template(path = "models.html")]
struct Page {
    w: Words,
    person: Option<Person>,
    owner: bool,
    list: ModelList,
    lines: Vec<Line>,
    champion: u32,
    previous: String,
    sides: Vec<Side>,
    changes: Vec<(String, String, ModelChange)>,
}

#[derive(Template)]
#[template(path = "model_confirm.html")]
struct Confirm {
    w: Words,
    person: Option<Person>,
    action: &'static str,
    question: String,
    version: u32,
    card: bool,
}

impl Problem {
    /// What the models say when something was not done.
    pub(super) fn models(words: Words, error: &ModelsError) -> Self {
        let title = ("Det blev ikke gjort", "That was not done");
        let ModelsError::Refused(said) = error;
        Self::new(words, StatusCode::CONFLICT, title, words.said(said).to_owned())
    }
}

/// The models, if this desk has any.
pub(super) fn models(room: &Room, w: Words) -> Result<&dyn Models, Problem> {
    room.options.models.as_deref().ok_or_else(|| Problem::missing(w))
}

fn role(w: Words, role: Option<ModelRole>) -> &'static str {
    match role {
        Some(ModelRole::Champion) => w.t("i brug", "in use"),
        Some(ModelRole::Challenger) => w.t("udfordrer", "challenger"),
        Some(ModelRole::Previous) => w.t("den forrige", "previous"),
        None => "",
    }
}

fn line(w: Words, pinned: bool, found: &ModelVersion) -> Line {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| w.percent(share));
    let coverage = match (found.coverage, found.target) {
        (Some(coverage), Some(target)) => {
            let most = w.t("højst # fejl", "at most # errors").replacen('#', &w.percent(target), 1);
            format!("{} ({most})", w.percent(coverage))
        }
        _ => "–".to_owned(),
    };
    Line {
        version: found.version,
        name: found.name.clone(),
        role: role(w, found.role),
        trained: found.trained_at.map_or_else(|| "–".to_owned(), moment),
        letters: found.letters.map_or_else(|| "–".to_owned(), |letters| letters.to_string()),
        accuracy: share(found.accuracy),
        coverage,
        faults: found.faults.iter().map(|fault| w.said(fault).to_owned()).collect(),
        can_promote: !pinned && found.role != Some(ModelRole::Champion),
        can_challenge: !pinned
            && !matches!(found.role, Some(ModelRole::Champion | ModelRole::Challenger)),
        challenges: found.role == Some(ModelRole::Challenger),
    }
}

fn side(w: Words, run: &ShadowRun, counts: &ShadowCounts) -> Side {
    let share = |part: u64, whole: u64| match whole {
        0 => "–".to_owned(),
        _ => format!("{} ({part}/{whole})", w.percent(part as f64 / whole as f64)),
    };
    let said = &counts.labelled;
    let labelled = said.both + said.only_champion + said.only_challenger + said.neither;
    let champion = run.champion.as_ref().map_or_else(|| "–".to_owned(), |model| model.0.clone());
    Side {
        challenger: run.challenger.0.clone(),
        champion,
        letters: counts.letters,
        since: moment(run.first),
        agree: share(counts.agree, counts.letters),
        rows: vec![
            (
                w.t("Rigtigt efter mennesker", "Right by what people said"),
                share(said.both + said.only_champion, labelled),
                share(said.both + said.only_challenger, labelled),
            ),
            (
                w.t("Ville fordele selv", "Would route by itself"),
                share(counts.champion_routed, counts.letters),
                share(counts.challenger_routed, counts.letters),
            ),
            (
                w.t("Heraf kendte fejl", "Known errors among those"),
                share(said.champion_routed_wrong, said.champion_routed),
                share(said.challenger_routed_wrong, said.challenger_routed),
            ),
        ],
    }
}

async fn sides(room: &Room, w: Words) -> Result<Vec<Side>, Problem> {
    let problem = |error| Problem::store(w, &error);
    let runs = room.store.shadow_runs(RUNS * 4).await.map_err(problem)?;
    let mut sides = Vec::new();
    for run in &runs {
        let Some(champion) = &run.champion else { continue };
        let counts = room.store.shadow_counts(champion, &run.challenger).await.map_err(problem)?;
        sides.push(side(w, run, &counts));
        if sides.len() == RUNS as usize {
            break;
        }
    }
    Ok(sides)
}

fn action(w: Words, action: &str) -> String {
    match action {
        "promote" => w.t("taget i brug", "promoted"),
        "rollback" => w.t("rullet tilbage", "rolled back"),
        "challenge" => w.t("sat til at udfordre", "made the challenger"),
        "end-challenge" => w.t("udfordrer ikke længere", "challenges no longer"),
        other => other,
    }
    .to_owned()
}

fn of_role(list: &ModelList, role: ModelRole) -> Option<&ModelVersion> {
    list.versions.iter().find(|version| version.role == Some(role))
}

pub(crate) async fn page(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let w = Words::of(&headers);
    let list = models(&room, w)?.list().await.map_err(|error| Problem::models(w, &error))?;
    let previous = of_role(&list, ModelRole::Previous).map(|found| found.name.clone());
    let changes = list.history.iter().take(CHANGES).cloned();
    Ok(html(&Page {
        w,
        owner: person.role == Role::Owner,
        person: Some(person),
        lines: list.versions.iter().map(|found| line(w, list.pinned, found)).collect(),
        champion: of_role(&list, ModelRole::Champion).map_or(0, |found| found.version),
        previous: previous.unwrap_or_default(),
        sides: sides(&room, w).await?,
        changes: changes.map(|c| (moment(c.at), action(w, &c.action), c)).collect(),
        list,
    }))
}

/// A change that is asked for; it is done when it is confirmed.
#[derive(Deserialize)]
pub(crate) struct Change {
    #[serde(default)]
    version: u32,
    #[serde(default)]
    why: String,
    #[serde(default)]
    confirm: String,
}

impl Change {
    fn why(&self) -> String {
        let plain = self.why.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.take(WHY_CHARS).collect::<String>().trim().to_owned()
    }

    fn confirmed(&self) -> bool {
        self.confirm == "yes"
    }
}

/// The version that a form names, if there is one of that number.
fn named(w: Words, list: &ModelList, version: u32) -> Result<&ModelVersion, Problem> {
    list.versions.iter().find(|found| found.version == version).ok_or_else(|| {
        let message = w.t("Den version findes ikke.", "There is no such version.").to_owned();
        let title = ("Ukendt version", "Unknown version");
        Problem::new(w, StatusCode::BAD_REQUEST, title, message)
    })
}

/// What a confirmed change does to the version in the form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It takes over from the champion.
    Promote,
    /// It gives way to the version before it.
    RollBack,
}

impl Step {
    fn action(self) -> &'static str {
        match self {
            Self::Promote => "/models/promote",
            Self::RollBack => "/models/roll-back",
        }
    }

    /// The question, with the names of the version in the form and of the one that `self` concerns too.
    fn question(self, w: Words, list: &ModelList, name: &str) -> String {
        let role = match self {
            Self::Promote => ModelRole::Champion,
            Self::RollBack => ModelRole::Previous,
        };
        let other = of_role(list, role).map_or("–", |found| &found.name);
        match (self, w.code()) {
            (Self::Promote, "da") => format!("Skal {name} tages i brug i stedet for {other}?"),
            (Self::Promote, _) => format!("Shall {name} take over from {other}?"),
            (Self::RollBack, "da") => format!("Skal {name} rulles tilbage til {other}?"),
            (Self::RollBack, _) => format!("Shall {name} be rolled back to {other}?"),
        }
    }
}

pub(crate) async fn promote(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(change): Form<Change>,
) -> Result<Response, Problem> {
    take(&room, Words::of(&headers), person, &change, Step::Promote).await
}

pub(crate) async fn roll_back(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(change): Form<Change>,
) -> Result<Response, Problem> {
    take(&room, Words::of(&headers), person, &change, Step::RollBack).await
}

/// Does what was confirmed; asks before.
async fn take(
    room: &Room,
    w: Words,
    person: Person,
    change: &Change,
    step: Step,
) -> Result<Response, Problem> {
    let problem = |error| Problem::models(w, &error);
    let models = models(room, w)?;
    let list = models.list().await.map_err(problem)?;
    let found = named(w, &list, change.version)?;
    let version = change.version;
    if change.confirmed() {
        let (by, why) = (&person.name, change.why());
        match step {
            Step::Promote => models.promote(version, by, &why).await.map_err(problem)?,
            Step::RollBack => drop(models.roll_back(version, by, &why).await.map_err(problem)?),
        }
        return Ok(Redirect::to("/models").into_response());
    }
    let question = step.question(w, &list, &found.name);
    let (action, card) = (step.action(), step == Step::Promote);
    Ok(html(&Confirm { w, person: Some(person), action, question, version, card }))
}

/// A challenger changes nothing about letters: it needs no second question. Version 0 ends it.
pub(crate) async fn challenge(
    State(room): State<Arc<Room>>,
    Extension(person): Extension<Person>,
    headers: HeaderMap,
    Form(change): Form<Change>,
) -> Result<Redirect, Problem> {
    let w = Words::of(&headers);
    if !change.confirmed() {
        return Ok(Redirect::to("/models"));
    }
    let version = (change.version > 0).then_some(change.version);
    let done = models(&room, w)?.challenge(version, &person.name, &change.why()).await;
    done.map_err(|error| Problem::models(w, &error))?;
    Ok(Redirect::to("/models"))
}
