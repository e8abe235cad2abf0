//! What Digital Post says in JSON, as far as it is needed: nothing beyond is trusted or kept.

use jiff::Timestamp as Moment;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A page of the list of messages that wait.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// Their ids; not stated to be the messageUUIDs of the messages.
    pub(super) content: Vec<Uuid>,
    /// How many pages there are, where it is said.
    #[serde(default)]
    pub(super) total_pages: Option<u64>,
}

/// The business receipt.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    #[serde(rename = "messageUUID")]
    message_uuid: String,
    time_stamp: String,
    receipt_status: &'static str,
}

impl Receipt {
    /// The receipt for a message that is durable here.
    pub(super) fn completed(message_uuid: &str, at_ms: i64) -> Self {
        let at = Moment::from_millisecond(at_ms).unwrap_or_default();
        Self {
            message_uuid: message_uuid.to_owned(),
            time_stamp: at.to_string(),
            receipt_status: "COMPLETED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_needs_nothing_but_its_ids() {
        let full = r#"{"content":["8C2EA15D-61FB-4BA9-9366-42F8B194C114"],"number":0,"size":100,
            "previous":null,"next":null,"totalElements":1,"totalPages":1}"#;
        let page: Page = serde_json::from_str(full).unwrap();
        assert_eq!(page.content[0].to_string(), "8c2ea15d-61fb-4ba9-9366-42f8b194c114");
        assert_eq!(page.total_pages, Some(1));
        let page: Page = serde_json::from_str(r#"{"content":[]}"#).unwrap();
        assert!(page.content.is_empty() && page.total_pages.is_none());
        for garbage in ["", "null", "[]", "<html>", r#"{"content":["../x"]}"#] {
            assert!(serde_json::from_str::<Page>(garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn the_receipt_has_the_names_of_the_interface() {
        let receipt = Receipt::completed("8c2ea15d-61fb-4ba9-9366-42f8b194c114", 1_767_600_000_000);
        let json = serde_json::to_string(&receipt).unwrap();
        assert_eq!(
            json,
            r#"{"messageUUID":"8c2ea15d-61fb-4ba9-9366-42f8b194c114","timeStamp":"2026-01-05T08:00:00Z","receiptStatus":"COMPLETED"}"#
        );
    }
}
