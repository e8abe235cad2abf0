//! Why a letter waits, in a word, for the lists that people filter.

use postbud_decide::{Decision, Doubt, Reason};

/// What stood in the way first, a word of `WAITS_FOR`; and the language, where it was noticed.
/// Nothing for a letter that does not wait.
pub(crate) fn waits_for(decision: &Decision) -> (Option<&'static str>, Option<&str>) {
    let Reason::Person { doubts, .. } = &decision.reason else {
        return (None, None);
    };
    let language = doubts.iter().find_map(|doubt| match doubt {
        Doubt::OtherLanguage { language } => Some(language.as_str()),
        _ => None,
    });
    (doubts.first().map(Doubt::word), language)
}

#[cfg(test)]
mod tests {
    use postbud_decide::{KlePattern, KleSubject, MailboxId, NotChecked};
    use postbud_pipeline::ports::WAITS_FOR;

    use super::*;

    /// The words are those of the JSON, which the migration looks for.
    #[test]
    fn the_words_are_those_of_the_doubts() {
        let mailbox = MailboxId::parse("affald").unwrap();
        let all = [
            Doubt::Infected { signature: String::new() },
            Doubt::Unchecked { why: NotChecked::Away },
            Doubt::Rule { rule: String::new() },
            Doubt::RuleHeld { rule: String::new(), mailbox: mailbox.clone() },
            Doubt::ReplyHeld { matched: String::new(), mailbox: mailbox.clone() },
            Doubt::KleHeld {
                subject: KleSubject::parse("27.36.04").unwrap(),
                pattern: KlePattern::parse("27.*").unwrap(),
                mailbox: mailbox.clone(),
            },
            Doubt::UnlikeTraining { known: 0.1, least: 0.5 },
            Doubt::UnknownMailbox { mailbox: mailbox.clone() },
            Doubt::MustNotMiss { mailbox, probability: 0.5 },
            Doubt::Defect,
            Doubt::NoText,
            Doubt::NearlyEmpty,
            Doubt::OtherLanguage { language: "de".to_owned() },
            Doubt::NoModel,
            Doubt::Nowhere,
            Doubt::NeverAutomatic,
            Doubt::NotAutomatic,
            Doubt::NotCertified,
            Doubt::BelowThreshold { probability: 0.5, threshold: 0.9 },
            Doubt::DeliveryFailed { error: String::new() },
        ];
        assert_eq!(all.len(), Doubt::WORDS.len());
        for doubt in &all {
            assert_eq!(serde_json::to_value(doubt).unwrap()["doubt"], doubt.word());
            assert!(WAITS_FOR.contains(&doubt.word()));
        }
    }
}
