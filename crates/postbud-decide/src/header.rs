//! The one place that reads MeMo header fields for rules and claims.

use postbud_letter::Letter;

/// What a reply carries back from the letter it answers.
#[derive(Clone, Copy)]
pub(crate) struct Reply<'a> {
    /// The case.
    pub(crate) case_id: Option<&'a str>,
    /// The system that wrote.
    pub(crate) generating_system: Option<&'a str>,
    /// The contact point that wrote.
    pub(crate) contact_point: Option<&'a str>,
}

/// MeMo's messageCode.
pub(crate) fn message_code(letter: &Letter) -> Option<&str> {
    letter.memo.as_ref()?.message_code.as_deref()
}

/// The KLE subject on the message.
pub(crate) fn kle_subject(letter: &Letter) -> Option<&str> {
    letter.memo.as_ref()?.content.kle.as_ref()?.key.as_deref()
}

/// The KLE action facet on the message.
pub(crate) fn kle_facet(letter: &Letter) -> Option<&str> {
    letter.memo.as_ref()?.content.kle.as_ref()?.facet.as_deref()
}

/// The case id on the message itself.
pub(crate) fn content_case_id(letter: &Letter) -> Option<&str> {
    letter.memo.as_ref()?.content.case_id.as_ref()?.id.as_deref()
}

/// Everything the message says about letters that it answers, in document order.
pub(crate) fn replies(letter: &Letter) -> Vec<Reply<'_>> {
    let replies = letter.memo.iter().flat_map(|header| &header.replies);
    replies
        .map(|data| Reply {
            case_id: data.case_id.as_deref(),
            generating_system: data.generating_system_id.as_deref(),
            contact_point: data.contact_point_id.as_deref(),
        })
        .collect()
}
