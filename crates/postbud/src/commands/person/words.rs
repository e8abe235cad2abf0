//! What was erased, in words and for programs.

use postbud_pipeline::ports::{Erasure, Timestamp};
use serde_json::{Value, json};

use crate::cli::Lang;
use crate::output;

/// For programs.
pub(super) fn document(erased: &Erasure) -> Value {
    let backups = erased.backups.iter().map(|backup| {
        json!({ "folder": backup.folder, "made_at": backup.made_at, "kept_until": backup.kept_until })
    });
    json!({
        "erased": erased.letters,
        "on_their_way": erased.on_their_way,
        "dead_letters": erased.dead,
        "unread_dead_letters": erased.unread,
        "files": erased.files,
        "unread_files": erased.unread_files,
        "waiting_on_the_queue": erased.waiting,
        "imap_folders_not_reached": erased.imap,
        "backups": backups.collect::<Vec<_>>(),
        "backups_known": erased.backups_known,
    })
}

/// A few lines for a person.
pub(super) fn erased(erased: &Erasure, lang: Lang) -> String {
    let Erasure { letters, dead, unread, files, .. } = erased;
    let mut lines = vec![match lang {
        Lang::En => format!(
            "{letters} letters, {dead} dead letters and {files} files are erased; `postbud retrain` makes the next model without them"
        ),
        Lang::Da => format!(
            "{letters} breve, {dead} strandede breve og {files} filer er slettet; `postbud retrain` laver den næste model uden dem"
        ),
    }];
    if *unread > 0 {
        lines.push(match lang {
            Lang::En => format!(
                "{unread} dead letters cannot be read and are still there: look at them, `postbud queue dead`"
            ),
            Lang::Da => format!(
                "{unread} strandede breve kan ikke læses og er der stadig: se på dem, `postbud queue dead`"
            ),
        });
    }
    lines.extend(left(erased, lang));
    lines.push(told(erased, lang));
    lines.join("\n")
}

/// Where the person may still be beside backups.
fn left(erased: &Erasure, lang: Lang) -> Vec<String> {
    let Erasure { unread_files, waiting, imap, .. } = erased;
    let mut lines = Vec::new();
    if *unread_files > 0 {
        lines.push(match lang {
            Lang::En => format!(
                "{unread_files} files cannot be read or removed, or hold letters of others that were not taken, and are still there: look at processed/ and failed/ of the drop folders, and at the folder for SF2900"
            ),
            Lang::Da => format!(
                "{unread_files} filer kan ikke læses eller slettes, eller rummer andres breve, der ikke er taget ind, og er der stadig: se i processed/ og failed/ i de mapper, som breve afleveres i, og i mappen til SF2900"
            ),
        });
    }
    if *waiting > 0 {
        lines.push(match lang {
            Lang::En => format!(
                "{waiting} letters wait on the queue, and whom they name is not known yet: ask again when they are routed"
            ),
            Lang::Da => format!(
                "{waiting} breve venter i køen, og hvem de nævner, vides ikke endnu: spørg igen, når de er fordelt"
            ),
        });
    }
    if *imap {
        lines.push(
            match lang {
                Lang::En => "letters that were fetched over IMAP also lie in the mail server's folders, which Postbud does not search: erase them there",
                Lang::Da => "breve, der er hentet med IMAP, ligger også i mailserverens mapper, hvor Postbud ikke leder: slet dem der",
            }
            .to_owned(),
        );
    }
    lines
}

/// What is said of backups.
fn told(erased: &Erasure, lang: Lang) -> String {
    if !erased.backups_known {
        return match lang {
            Lang::En => "which backups still hold the person is not known: name their folders as backups in [privacy]",
            Lang::Da => "hvilke sikkerhedskopier personen stadig er i, vides ikke: angiv deres mapper som backups i [privacy]",
        }
        .to_owned();
    }
    if erased.backups.is_empty() {
        return match lang {
            Lang::En => "no backup holds what was erased",
            Lang::Da => "ingen sikkerhedskopi rummer det slettede",
        }
        .to_owned();
    }
    let mut lines = vec![
        match lang {
            Lang::En => "the person is still in these backups:",
            Lang::Da => "personen er stadig i disse sikkerhedskopier:",
        }
        .to_owned(),
    ];
    lines.extend(erased.backups.iter().map(|backup| {
        let (folder, made) = (&backup.folder, day(backup.made_at));
        let until = day(backup.kept_until);
        match lang {
            Lang::En => format!("  {folder} (made {made}, kept until {until})"),
            Lang::Da => format!("  {folder} (taget {made}, gemmes til {until})"),
        }
    }));
    lines.join("\n")
}

fn day(at: Timestamp) -> String {
    output::moment(at).chars().take(10).collect()
}
