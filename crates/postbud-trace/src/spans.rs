//! Spans on their way to the collector.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::HttpError;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator as _, RandomIdGenerator, SpanData,
    SpanEvents, SpanLinks, SpanProcessor,
};
use postbud_pipeline::TraceContext;
use tokio::runtime::Handle;
use tracing::warn;

use crate::client::Client;

/// So many spans wait for the collector at most; further ones are dropped.
const WAITING: usize = 4_096;
/// So many go in one request.
const BATCH: usize = 512;
/// For one request, and for the last ones when the process ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceOptions {
    /// The collector's address for traces, with its path: `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// The share of letters that are traced. All processes choose the same ones.
    pub share: f64,
    /// Between two requests.
    pub every: Duration,
}

/// Why there can be no traces.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// No client for HTTP.
    #[error("the client for the collector of traces cannot be made")]
    Client(#[source] HttpError),
    /// No exporter, for instance since an environment variable of OpenTelemetry makes no sense.
    #[error("the exporter of traces cannot be made")]
    Exporter(#[from] ExporterBuildError),
}

/// Takes spans of letters and sends them. Shared by everything that notes one.
#[derive(Debug)]
pub struct Spans {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    share: f64,
}

/// What happened to a letter, and when.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) began: SystemTime,
    pub(crate) attributes: Vec<KeyValue>,
    /// One word, when it went wrong.
    pub(crate) failed: Option<&'static str>,
    /// Is it the first that Postbud does with a letter?
    pub(crate) first: bool,
}

impl Spans {
    /// Starts sending. Must be called inside of a tokio runtime; `part` is what this process runs.
    ///
    /// # Errors
    /// [`TraceError`]. That nobody answers at the endpoint is none: it may come later.
    pub fn start(options: &TraceOptions, part: &'static str) -> Result<Arc<Self>, TraceError> {
        let client = Client::new(PATIENCE, Handle::current()).map_err(TraceError::Client)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(&options.endpoint)
            .with_protocol(Protocol::HttpJson)
            .with_timeout(PATIENCE)
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(WAITING)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(options.every)
            .build();
        let mut processor =
            BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        processor.set_resource(
            &Resource::builder()
                .with_service_name("postbud")
                .with_attributes([
                    KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                    KeyValue::new("postbud.part", part),
                ])
                .build(),
        );
        let scope = InstrumentationScope::builder("postbud")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Ok(Arc::new(Self { processor, scope, share: options.share }))
    }

    /// Notes what happened to a letter until now, if its trace is among those that are kept.
    pub(crate) fn note(&self, letter: &str, event: Event) {
        let context = TraceContext::of(letter);
        if context.place() >= self.share {
            return;
        }
        let root = SpanId::from_bytes(context.span);
        let span = if event.first { root } else { RandomIdGenerator::default().new_span_id() };
        let mut attributes = event.attributes;
        attributes.push(KeyValue::new("postbud.letter", letter.to_owned()));
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(context.trace),
                span,
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: if event.first { SpanId::INVALID } else { root },
            parent_span_is_remote: !event.first,
            span_kind: event.kind,
            name: event.name.into(),
            start_time: event.began,
            // A clock that was set back makes no span that ends before it began.
            end_time: SystemTime::now().max(event.began),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: event.failed.map_or(Status::Unset, Status::error),
            instrumentation_scope: self.scope.clone(),
        });
    }

    /// Sends what is left, for some seconds at most. Nothing is noted afterwards.
    pub async fn finish(self: Arc<Self>) {
        // It waits for the sending thread, which needs the runtime.
        let done =
            tokio::task::spawn_blocking(move || self.processor.shutdown_with_timeout(PATIENCE));
        match done.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the last traces could not be sent"),
            Err(error) => warn!(%error, "the last traces were not sent"),
        }
    }
}
