//! `[traces]`: where the traces of letters go.

use std::time::Duration;

use postbud_trace::TraceOptions;
use url::Url;

use super::section::Section;

/// Reads `[traces]`; without the section there are none.
pub(super) fn traces(section: Section<'_, '_>) -> Option<TraceOptions> {
    if !section.is_present() {
        return None;
    }
    let example = "http://127.0.0.1:4318/v1/traces";
    let endpoint = section.required_text("endpoint", example);
    if let Some(found) = &endpoint {
        let url = Url::parse(found.value.trim()).ok();
        let fits = |url: &Url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.path().len() > 1
        };
        if !url.as_ref().is_some_and(fits) {
            let what = "the address of a collector for OTLP over HTTP belongs here, with its path";
            section.fault("endpoint", what, format!("endpoint = \"{example}\""));
        }
    }
    let share = section.number("share", 1.0, (0.0, 1.0), true);
    let every = Duration::from_secs(section.whole("every_seconds", 5, 1..=60));
    section.finish();
    Some(TraceOptions { endpoint: endpoint?.value.trim().to_owned(), share, every })
}
