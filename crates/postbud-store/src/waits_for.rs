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
    (doubts.first().map(word), language)
}

fn word(doubt: &Doubt) -> &'static str {
    match doubt {
        Doubt::Rule { .. } => "rule",
        Doubt::RuleHeld { .. } => "rule-held",
        Doubt::ReplyHeld { .. } => "reply-held",
        Doubt::MustNotMiss { .. } => "must-not-miss",
        Doubt::Defect => "defect",
        Doubt::NoText => "no-text",
        Doubt::NearlyEmpty => "nearly-empty",
        Doubt::OtherLanguage { .. } => "other-language",
        Doubt::UnlikeTraining { .. } => "unlike-training",
        Doubt::NoModel => "no-model",
        Doubt::UnknownMailbox { .. } => "unknown-mailbox",
        Doubt::Nowhere => "nowhere",
        Doubt::NeverAutomatic => "never-automatic",
        Doubt::NotAutomatic => "not-automatic",
        Doubt::NotCertified => "not-certified",
        Doubt::BelowThreshold { .. } => "below-threshold",
        Doubt::DeliveryFailed { .. } => "delivery-failed",
    }
}

#[cfg(test)]
mod tests {
    use postbud_pipeline::ports::WAITS_FOR;

    use super::*;

    /// The words are those of the JSON, which the migration looks for.
    #[test]
    fn the_words_are_those_of_the_doubts() {
        let some = [
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
        for doubt in &some {
            assert_eq!(serde_json::to_value(doubt).unwrap()["doubt"], word(doubt));
            assert!(WAITS_FOR.contains(&word(doubt)));
        }
    }
}
