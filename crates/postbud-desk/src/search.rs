//! How the access log names a search: what was asked for, and nothing of any letter.

use postbud_pipeline::ports::Filter;

use crate::calendar::moment;

/// What is searched for, in one line.
pub(crate) fn named(filter: &Filter) -> String {
    let parts = [
        ("state", filter.state.map(|state| state.as_str().to_owned())),
        ("mailbox", filter.mailbox.as_ref().map(ToString::to_string)),
        ("from", filter.from.map(moment)),
        ("until", filter.until.map(moment)),
        ("offset", Some(filter.offset.to_string()).filter(|_| filter.offset > 0)),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(what, value)| value.map(|value| format!("{what}={value}")))
        .collect();
    if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use postbud_decide::MailboxId;
    use postbud_pipeline::ports::{State, Timestamp};

    use super::*;

    #[test]
    fn a_search_is_named_by_what_was_asked_for() {
        assert_eq!(named(&Filter::default()), "all");
        let filter = Filter {
            state: Some(State::Review),
            mailbox: MailboxId::parse("affald").ok(),
            from: Some(Timestamp(1_764_111_600_000)),
            offset: 50,
            ..Filter::default()
        };
        let text = "state=review, mailbox=affald, from=2025-11-26 00:00:00, offset=50";
        assert_eq!(named(&filter), text);
    }
}
