//! What a MeMo header adds to the block above a letter's text.

use postbud_letter::IdType;
use postbud_letter::memo::{
    Address, AttentionData, Classification, ContentData, ForwardData, Header, Moment, Reference,
    ReplyData,
};

use super::facts::{Facts, number};
use super::when;
use super::words::Words;
use postbud_decide::Lang;

/// No more entries of a thread are shown.
const REPLIES_MAX: usize = 5;

/// More about who wrote: who acts for them, and how they want to be reached.
pub(super) fn sender(memo: &Header, words: &Words, facts: &mut Facts) {
    if let Some(agent) = &memo.sender.representative {
        let id = agent.id.as_deref().map(|id| number(id, agent.id_type.as_ref()));
        facts.add_below(words.representative, &joined([agent.label.clone(), id]));
    }
    let Some(AttentionData { person, email, telephone, address, unstructured_address, .. }) =
        &memo.sender.attention
    else {
        return;
    };
    facts.add_below(words.attention, &person_of(person.as_ref()));
    facts.add_below(words.phone, &pair(telephone.as_ref()));
    facts.add_below(words.mail, &pair(email.as_ref()));
    facts.add_below(words.address, &place(address.as_ref(), unstructured_address.as_deref()));
}

/// What it is about: deadline, case, what it answers or passes on, and the data it carries.
pub(super) fn matter(memo: &Header, words: &Words, language: Lang, facts: &mut Facts) {
    if let Some(reply_by) = &memo.reply_by {
        facts.add(words.reply_by, &moment(reply_by, language));
    }
    if memo.legal_notification {
        facts.say(words.legal);
    }
    content(&memo.content, words, facts);
    for reply in memo.replies.iter().take(REPLIES_MAX) {
        answered(reply, words, facts);
    }
    if let Some(forward) = &memo.forward {
        forwarded(forward, words, language, facts);
    }
}

fn content(content: &ContentData, words: &Words, facts: &mut Facts) {
    if let Some(case) = &content.case_id {
        facts.add(words.case, &bracketed(case.id.as_deref(), case.system.as_deref()));
    }
    facts.add("KLE", &class(content.kle.as_ref()));
    facts.add("FORM", &class(content.form.as_ref()));
    facts.add(words.concerns, &person_of(content.cpr.as_ref()));
    let company = content.cvr.as_ref().map(|company| {
        let id = company.id.as_deref().map(|id| number(id, Some(&IdType::Cvr)));
        joined([company.label.clone(), id])
    });
    facts.add(words.concerns, &company.unwrap_or_default());
    facts.add(words.property, content.property_number.as_deref().unwrap_or_default());
    if let Some(vehicle) = &content.motor_vehicle {
        let plate = vehicle.license_number.as_deref();
        facts.add(words.vehicle, &bracketed(plate, vehicle.chassis_number.as_deref()));
    }
    let place = place(content.address.as_ref(), content.unstructured_address.as_deref());
    facts.add(words.address, &place);
    for extra in &content.additional {
        facts.add(&extra.name, &extra.value);
    }
}

fn answered(reply: &ReplyData, words: &Words, facts: &mut Facts) {
    let id = reply.message_id.as_deref().or(reply.message_uuid.as_deref());
    facts.add(words.answers, id.unwrap_or_default());
    facts.add_below(words.case, reply.case_id.as_deref().unwrap_or_default());
    facts.add_below(words.comment, reply.comment.as_deref().unwrap_or_default());
    for extra in &reply.additional {
        facts.add_below(&extra.label, &extra.value);
    }
}

fn forwarded(forward: &ForwardData, words: &Words, language: Lang, facts: &mut Facts) {
    let sent = forward.original_message_at.as_ref().map(|at| moment(at, language));
    facts.add(words.forwarded, &bracketed(forward.original_sender.as_deref(), sent.as_deref()));
    facts.add_below(words.comment, forward.comment.as_deref().unwrap_or_default());
}

fn moment(moment: &Moment, language: Lang) -> String {
    moment.at.and_then(|at| when::moment(at, language)).unwrap_or_else(|| moment.text.clone())
}

fn class(class: Option<&Classification>) -> String {
    class.map(|c| joined([c.key.clone(), c.label.clone()])).unwrap_or_default()
}

fn person_of(person: Option<&Reference>) -> String {
    let Some(person) = person else {
        return String::new();
    };
    let id = person.id.as_deref().map(|id| number(id, Some(&IdType::Cpr)));
    joined([person.label.clone(), id])
}

fn pair(reference: Option<&Reference>) -> String {
    reference.map(|r| bracketed(r.id.as_deref(), r.label.as_deref())).unwrap_or_default()
}

fn place(address: Option<&Address>, line: Option<&str>) -> String {
    let Some(a) = address else {
        return line.unwrap_or_default().to_owned();
    };
    let words = |parts: [&Option<String>; 4]| {
        parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    };
    let street = words([&a.street, &a.house_number, &a.floor, &a.door]);
    let town = words([&a.zip_code, &a.city, &None, &None]);
    let co = a.co.as_ref().map(|co| format!("c/o {co}"));
    let parts = [co, Some(street), Some(town), a.country.clone()];
    joined(parts.map(|part| part.filter(|text| !text.is_empty())))
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn bracketed(main: Option<&str>, more: Option<&str>) -> String {
    match (main, more) {
        (Some(main), Some(more)) => format!("{main} ({more})"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => String::new(),
    }
}
