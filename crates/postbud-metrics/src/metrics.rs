//! The numbers behind the inventory.

use std::collections::{BTreeSet, HashMap};

use postbud_decide::{Mailbox, MailboxId};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    CounterVec, Encoder as _, GaugeVec, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder,
};

use crate::inventory::{ALL, BUILD, Kind, Metric, NONE, OTHER, Values};

/// A metric of the inventory cannot be made: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be set up")]
pub struct MetricsError(#[from] prometheus::Error);

/// One metric's series.
enum Family {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

/// Every metric of the inventory, with the values it has now. Shared by all parts of a process.
pub struct Metrics {
    registry: Registry,
    families: HashMap<&'static str, Family>,
    mailboxes: BTreeSet<String>,
}

impl Metrics {
    /// All metrics, at zero for every value that their labels can have: what has not happened yet
    /// is a 0 and not a gap.
    ///
    /// # Errors
    /// [`MetricsError`] when the inventory contradicts itself.
    pub fn new(mailboxes: &[Mailbox]) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let mut families = HashMap::new();
        for metric in ALL {
            families.insert(metric.name, family(metric, &registry)?);
        }
        // Memory, processor time, open files; from /proc, so on Linux only.
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let mailboxes = mailboxes.iter().map(|mailbox| mailbox.id.to_string()).collect();
        let metrics = Self { registry, families, mailboxes };
        for metric in ALL {
            metrics.begin(metric);
        }
        metrics.set_words(&BUILD, &[env!("CARGO_PKG_VERSION")], 1.0);
        Ok(metrics)
    }

    /// Counts `by` more.
    pub fn count(&self, metric: &Metric, labels: &[&str], by: u64) {
        if let Some(Family::Counter(counter)) = self.families.get(metric.name)
            && let Ok(counter) = counter.get_metric_with_label_values(&self.fit(metric, labels))
        {
            counter.inc_by(by as f64);
        }
    }

    /// Sets a gauge.
    pub fn set(&self, metric: &Metric, labels: &[&str], value: f64) {
        self.set_words(metric, &self.fit(metric, labels), value);
    }

    /// Adds an observation to a histogram.
    pub fn observe(&self, metric: &Metric, labels: &[&str], value: f64) {
        if let Some(Family::Histogram(histogram)) = self.families.get(metric.name)
            && let Ok(histogram) = histogram.get_metric_with_label_values(&self.fit(metric, labels))
        {
            histogram.observe(value);
        }
    }

    /// Forgets every series of a gauge: what held before holds no more.
    pub fn forget(&self, metric: &Metric) {
        if let Some(Family::Gauge(gauge)) = self.families.get(metric.name) {
            gauge.reset();
        }
    }

    /// Says nothing any more of one series of a gauge: it is about something that is not there.
    pub(crate) fn leave_out(&self, metric: &Metric, labels: &[&str]) {
        if let Some(Family::Gauge(gauge)) = self.families.get(metric.name) {
            // It may never have been there.
            let _ = gauge.remove_label_values(labels);
        }
    }

    /// The word for a mailbox in a label.
    #[must_use]
    pub fn mailbox<'a>(&self, mailbox: Option<&'a MailboxId>) -> &'a str {
        match mailbox {
            None => NONE,
            Some(id) if self.mailboxes.contains(id.as_str()) => id.as_str(),
            Some(_) => OTHER,
        }
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// When the library cannot encode it.
    pub fn render(&self) -> Result<Vec<u8>, MetricsError> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    fn set_words(&self, metric: &Metric, labels: &[&str], value: f64) {
        if let Some(Family::Gauge(gauge)) = self.families.get(metric.name)
            && let Ok(gauge) = gauge.get_metric_with_label_values(labels)
        {
            gauge.set(value);
        }
    }

    /// Label values that the inventory does not know are counted as `other`, so that nothing from
    /// outside makes a new series.
    fn fit<'a>(&self, metric: &Metric, labels: &[&'a str]) -> Vec<&'a str> {
        let fit = |(value, (_, values)): (&&'a str, &(&str, Values))| match values {
            Values::Words(words) if !words.contains(value) => OTHER,
            Values::Mailboxes if *value != NONE && !self.mailboxes.contains(*value) => OTHER,
            _ => *value,
        };
        labels.iter().zip(metric.labels).map(fit).collect()
    }

    /// Makes every series that a metric can have. Models have none before they are loaded.
    fn begin(&self, metric: &Metric) {
        let mut rows: Vec<Vec<&str>> = vec![Vec::new()];
        for (_, values) in metric.labels {
            let values: Vec<&str> = match values {
                Values::Words(words) => words.to_vec(),
                Values::Mailboxes => {
                    self.mailboxes.iter().map(String::as_str).chain([NONE]).collect()
                }
                Values::Models => return,
            };
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(|value| [&row[..], &[*value]].concat()))
                .collect();
        }
        for row in rows {
            match self.families.get(metric.name) {
                Some(Family::Counter(family)) => drop(family.get_metric_with_label_values(&row)),
                Some(Family::Gauge(family)) => drop(family.get_metric_with_label_values(&row)),
                Some(Family::Histogram(family)) => drop(family.get_metric_with_label_values(&row)),
                None => {}
            }
        }
    }
}

fn family(metric: &Metric, registry: &Registry) -> Result<Family, MetricsError> {
    let labels: Vec<&str> = metric.labels.iter().map(|(name, _)| *name).collect();
    let help = format!("{} ({})", metric.meaning, metric.unit);
    Ok(match metric.kind {
        Kind::Counter => {
            let family = CounterVec::new(Opts::new(metric.name, help), &labels)?;
            registry.register(Box::new(family.clone()))?;
            Family::Counter(family)
        }
        Kind::Gauge => {
            let family = GaugeVec::new(Opts::new(metric.name, help), &labels)?;
            registry.register(Box::new(family.clone()))?;
            Family::Gauge(family)
        }
        Kind::Histogram(limits) => {
            let options = HistogramOpts::new(metric.name, help).buckets(limits.to_vec());
            let family = HistogramVec::new(options, &labels)?;
            registry.register(Box::new(family.clone()))?;
            Family::Histogram(family)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{DECISIONS, DELIVERIES, MODEL, SETTLED};

    fn metrics() -> Metrics {
        let id = MailboxId::parse("affald").expect("a mailbox");
        Metrics::new(&[Mailbox::new(id, "Affald")]).expect("the inventory holds")
    }

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.render().expect("renders")).expect("text")
    }

    #[test]
    fn every_metric_is_there_from_the_start_with_its_unit() {
        let text = text(&metrics());
        for metric in ALL.iter().filter(|metric| metric.name != MODEL.name) {
            assert!(text.contains(&format!("# HELP {} ", metric.name)), "{}", metric.name);
            assert!(text.contains(&format!("({})\n", metric.unit)), "{}", metric.name);
        }
        assert!(text.contains("postbud_decisions_total{mailbox=\"affald\",way=\"rule\"} 0"));
        assert!(text.contains("postbud_decisions_total{mailbox=\"none\",way=\"person\"} 0"));
    }

    #[test]
    fn nothing_from_outside_makes_a_series() {
        let metrics = metrics();
        for n in 0..100 {
            let strange = format!("cpr-0101700000-{n}");
            metrics.count(&SETTLED, &[&strange], 1);
            metrics.count(&DECISIONS, &[&strange, "rule"], 1);
            metrics.count(&DELIVERIES, &["affald", &strange], 1);
        }
        let text = text(&metrics);
        assert!(!text.contains("cpr-"), "{text}");
        assert!(text.contains("postbud_messages_settled_total{how=\"other\"} 100"));
        assert!(text.contains("postbud_decisions_total{mailbox=\"other\",way=\"rule\"} 100"));
    }

    #[test]
    fn an_earlier_model_is_forgotten() {
        let metrics = metrics();
        metrics.set(&MODEL, &["champion", "k/1@a"], 1.0);
        metrics.forget(&MODEL);
        metrics.set(&MODEL, &["champion", "k/2@b"], 1.0);
        let text = text(&metrics);
        assert!(text.contains("model=\"k/2@b\"") && !text.contains("k/1@a"), "{text}");
    }
}
