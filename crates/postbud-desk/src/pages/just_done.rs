//! After a decision: what was decided, and the way to take it back.

use postbud_letter::LetterId;

use super::{Person, name_of};
use crate::Room;
use crate::error::Problem;
use crate::language::Words;
use crate::restricted::may_see;

/// A letter that somebody has just decided about, and may take back.
pub(super) struct Done {
    pub(super) id: String,
    pub(super) says: String,
}

/// What the page after a decision says about it. It names the letter and its mailbox to somebody who
/// may see them: the id in the address is anybody's to choose.
pub(super) async fn just_done(
    room: &Room,
    w: Words,
    person: &Person,
    id: &str,
) -> Result<Option<Done>, Problem> {
    let Ok(id) = LetterId::parse(id) else { return Ok(None) };
    let problem = |error| Problem::store(w, &error);
    let mut row = room.store.letter(&id).await.map_err(problem)?.map(|detail| detail.row);
    if !may_see(room, &person.name, &id).await.map_err(problem)? {
        row = None;
    }
    let named = row.and_then(|row| Some((row.subject, row.mailbox?)));
    let Some((subject, mailbox)) = named else {
        let says = w.t(
            "Brevet er fordelt og sendes om lidt.",
            "The letter is assigned and leaves in a moment.",
        );
        return Ok(Some(Done { id: id.to_string(), says: says.to_owned() }));
    };
    let subject = match subject.trim() {
        "" => w.t("Brevet uden emne", "The letter without a subject").to_owned(),
        subject => w.t("»#«", "“#”").replace('#', subject),
    };
    let (sent, mailbox) = (
        w.t("sendes om lidt til", "leaves in a moment for"),
        name_of(&room.options.settings, &mailbox),
    );
    Ok(Some(Done { id: id.to_string(), says: format!("{subject} {sent} {mailbox}.") }))
}
