//! The request that hands a letter over, after `anmodRequestType` of KOMBIT's schema.

use std::io::Result;

use jiff::Timestamp;
use postbud_decide::{KleFacet, KleSubject, Mailbox};
use postbud_letter::{Channel, IdType, Letter};
use postbud_pipeline::ports::Outgoing;
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::xml::{Xml, cannot};
use super::{Handover, is_cvr, is_uuid};
use crate::compose::{self, Settings};
use crate::slip;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of the request's types. Only those of the receipts have a version 3.
const TYPES: &str = "http://serviceplatformen.dk/xml/wsdl/soap11/DistributionService/2/types";
/// A title is cut here, in characters. The schema sets no limit; case systems do.
const TITLE_CHARS: usize = 255;

/// Moments that are a letter's date, from 1970 to 2100: senders also write the year 1.
const DATES: std::ops::Range<i64> = 0..4_102_444_800_000;

/// On whose behalf.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The municipality's CVR number.
    pub(crate) cvr: String,
    /// The UUID of Postbud as a registered system.
    pub(crate) system: String,
}

/// By what a letter is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) subject: KleSubject,
    pub(crate) facet: Option<KleFacet>,
}

impl Subject {
    /// The letter's own subject and facet where the mailbox takes that subject, else those that stand
    /// on the mailbox.
    pub(crate) fn of(letter: &Letter, mailbox: &Mailbox, configured: &Self) -> Self {
        match KleSubject::of(letter) {
            Some(own) if mailbox.kle.iter().any(|entry| entry.takes(&own)) => {
                Self { subject: own, facet: KleFacet::of(letter) }
            }
            _ => configured.clone(),
        }
    }
}

/// What is handed over of `letter`. `now` (UTC milliseconds since 1970) stands in for the day of a letter
/// that bears none; all else is the same on every attempt.
pub(crate) fn handover(
    letter: &Letter,
    item: &Outgoing,
    mailbox: &Mailbox,
    settings: &Settings,
    who: &Who,
    configured: &Subject,
    now: i64,
) -> Result<Handover> {
    let parts = Parts {
        letter,
        item,
        who,
        subject: Subject::of(letter, mailbox, configured),
        reason: compose::reason(item, mailbox, settings),
        at: letter.sent_at.filter(|at| DATES.contains(at)).unwrap_or(now),
        file_name: format!("{}.{}", compose::token(&item.key), ending(letter.channel)),
    };
    let mut xml = Xml::new()?;
    xml.rooted("soap:Envelope", Some(("xmlns:soap", SOAP)), |xml| {
        xml.element("soap:Body", |xml| {
            xml.rooted("anmodRequest", Some(("xmlns", TYPES)), |xml| parts.request(xml))
        })
    })?;
    Ok(Handover { file_name: parts.file_name, document: item.raw.clone(), request: xml.finish() })
}

struct Parts<'a> {
    letter: &'a Letter,
    item: &'a Outgoing,
    who: &'a Who,
    subject: Subject,
    reason: String,
    at: i64,
    file_name: String,
}

impl Parts<'_> {
    fn request(&self, xml: &mut Xml) -> Result<()> {
        xml.element("DistributionContext", |xml| {
            xml.value("AnvenderTransaktionsID", &derived("transaction", &self.item.key))?;
            if self.letter.channel == Channel::DigitalPost {
                xml.value("DigitalPostMeddelelsesID", self.item.letter.as_str())?;
            }
            xml.value("AfsendendeMyndighed", &self.who.cvr)?;
            xml.value("RoutingMyndighed", &self.who.cvr)?;
            xml.element("RoutingValg", |xml| {
                xml.element("RoutingKLEEmneHandling", |xml| {
                    xml.value("RoutingKLEEmne", self.subject.subject.as_str())?;
                    xml.maybe("RoutingHandlingFacet", self.facet())
                })
            })?;
            xml.value("DokumentFilNavn", &self.file_name)
        })?;
        xml.element("DistributionObject", |xml| {
            xml.value("ObjektType", "DOKUMENT")?;
            xml.element("ObjektIndhold", |xml| {
                xml.element("DistributionDokument", |xml| self.document(xml))
            })
        })
    }

    fn document(&self, xml: &mut Xml) -> Result<()> {
        let id = self.item.letter.as_str();
        let id = if is_uuid(id) { id.to_owned() } else { derived("letter", id) };
        xml.value("ID", &id)?;
        xml.value("KLEEmneForslag", self.subject.subject.as_str())?;
        xml.maybe("HandlingFacetForslag", self.facet())?;
        xml.maybe("SagForslag", case(self.letter))?;
        xml.element("Registrering", |xml| {
            xml.value("FraTidsPunkt", &moment(self.at)?)?;
            xml.value("LivscyklusKode", "Oprettet")?;
            xml.element("RegistreringItSystem", |xml| xml.value("UUID", &self.who.system))?;
            xml.element("RelationListe", |xml| self.relations(xml))?;
            xml.element("TilstandsListe", |xml| {
                xml.element("Tilstand", |xml| {
                    xml.value("Fremdrift", "Modtaget")?;
                    self.effect(xml)
                })
            })?;
            xml.element("AttributListe", |xml| {
                xml.element("Attributter", |xml| self.attributes(xml))
            })
        })
    }

    fn relations(&self, xml: &mut Xml) -> Result<()> {
        xml.element("VariantListe", |xml| {
            xml.element("Variant", |xml| {
                self.effect(xml)?;
                xml.value("Rolle", "Variant")?;
                xml.value("Indeks", "1")?;
                xml.element("VariantAttributter", |xml| xml.value("VariantType", "Original"))?;
                xml.element("DelAttributter", |xml| {
                    xml.value("DelTekst", "1")?;
                    xml.value("Indeks", "1")?;
                    xml.value("Filstoerrelse", &self.item.raw.len().to_string())?;
                    xml.value("MimeType", slip::media_type(self.letter.channel))?;
                    xml.value("Location", &self.file_name)
                })
            })
        })?;
        let Some((kind, urn)) = sender(self.letter) else { return Ok(()) };
        xml.element("DokumentPartListe", |xml| {
            xml.element("DokumentPart", |xml| {
                self.effect(xml)?;
                xml.value("Rolle", "PrimaerPart")?;
                xml.value("Indeks", "1")?;
                xml.element("Part", |xml| {
                    xml.value("ObjektType", kind)?;
                    xml.element("ReferenceID", |xml| xml.value("URN", &urn))
                })
            })
        })
    }

    fn attributes(&self, xml: &mut Xml) -> Result<()> {
        let title = compose::one_line(&self.letter.subject, TITLE_CHARS);
        let title = if title.is_empty() { "(uden emne)" } else { &title };
        let kind = if self.letter.channel == Channel::Email { "eMail" } else { "Brev" };
        xml.value("BrugervendtNoegleTekst", self.item.letter.as_str())?;
        xml.value("TitelTekst", title)?;
        xml.value("BeskrivelseTekst", &self.reason)?;
        xml.value("Dokumenttype", kind)?;
        xml.value("Retning", "Indgaaende")?;
        xml.value("Brevdato", &compose::day(self.at).ok_or_else(|| cannot("no such day"))?)?;
        self.effect(xml)
    }

    /// Since when something holds, and on whose word: Postbud's.
    fn effect(&self, xml: &mut Xml) -> Result<()> {
        xml.element("Virkning", |xml| {
            xml.value("FraTidspunkt", &moment(self.at)?)?;
            xml.element("Aktoer", |xml| xml.value("UUID", &self.who.system))?;
            xml.value("AktoerType", "ItSystem")
        })
    }

    fn facet(&self) -> Option<&str> {
        self.subject.facet.as_ref().map(KleFacet::as_str)
    }
}

/// Who wrote, when Digital Post says so with a well-formed number.
fn sender(letter: &Letter) -> Option<(&'static str, String)> {
    let id = letter.sender.id.as_deref()?.trim();
    match letter.sender.id_type.as_ref()? {
        IdType::Cpr if id.len() == 10 && id.bytes().all(|b| b.is_ascii_digit()) => {
            Some(("Person", format!("urn:oio:cpr-nr:{id}")))
        }
        IdType::Cvr if is_cvr(id) => Some(("Virksomhed", format!("urn:oio:cvr-nr:{id}"))),
        _ => None,
    }
}

/// The case that the letter names, when it is known by a UUID.
fn case(letter: &Letter) -> Option<&str> {
    let memo = letter.memo.as_ref()?;
    let own = memo.content.case_id.as_ref().and_then(|case| case.id.as_deref());
    let answered = memo.replies.iter().filter_map(|reply| reply.case_id.as_deref());
    own.into_iter().chain(answered).map(str::trim).find(|id| is_uuid(id))
}

fn moment(at: i64) -> Result<String> {
    let at = Timestamp::from_millisecond(at).map_err(|_| cannot("no such moment"))?;
    Ok(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The same UUID for the same text, always: version 8 of RFC 9562, out of a SHA-256.
fn derived(what: &str, text: &str) -> String {
    let hash = Sha256::digest(format!("postbud sf2900 {what} {text}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// The end of a document's name, by which people and systems know what it is.
fn ending(channel: Channel) -> &'static str {
    match channel {
        Channel::DigitalPost => "xml",
        Channel::Email => "eml",
        Channel::Unknown => "bin",
    }
}

#[cfg(test)]
mod tests;
