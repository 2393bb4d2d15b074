//! Figures for Prometheus.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// Labels of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    api: &'static str,
    method: &'static str,
    resource: &'static str,
    status: u16,
}

/// Labels of callbacks, and of requests to oracles.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallbackLabels {
    result: &'static str,
}

/// All figures of one hub.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    batch_commands: Histogram,
    batch_seconds: Histogram,
    callbacks: Family<CallbackLabels, Counter>,
    oracles: Family<CallbackLabels, Counter>,
    oracles_left_alone: Gauge<i64>,
    waiting: Gauge<i64>,
    uptime: Gauge<f64, AtomicU64>,
    started: Instant,
}

impl Metrics {
    /// Fresh figures.
    pub fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("mojaloop"),
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            batch_commands: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            batch_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            callbacks: Family::default(),
            oracles: Family::default(),
            oracles_left_alone: Gauge::default(),
            waiting: Gauge::default(),
            uptime: Gauge::default(),
            started: Instant::now(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        let seconds = Unit::Seconds;
        registry.register_with_unit(
            "request",
            "Time until a request was answered",
            seconds,
            self.request_seconds.clone(),
        );
        registry.register("batch_commands", "Commands in one transaction", self.batch_commands.clone());
        let seconds = Unit::Seconds;
        registry.register_with_unit(
            "batch",
            "Time of one transaction, its commit included",
            seconds,
            self.batch_seconds.clone(),
        );
        registry.register(
            "callback_attempts",
            "Attempts to deliver a message to an FSP, by how they ended",
            self.callbacks.clone(),
        );
        registry.register("oracle_questions", "Requests to oracles, by how they ended", self.oracles.clone());
        registry.register(
            "oracles_left_alone",
            "Oracles that failed again and again and are not asked for a while",
            self.oracles_left_alone.clone(),
        );
        registry.register("callbacks_waiting", "Messages in memory that are not delivered yet", self.waiting.clone());
        registry.register_with_unit("uptime", "Time since the start", Unit::Seconds, self.uptime.clone());
    }

    /// Counts an answered request. The labels come from fixed sets, so that nobody can blow the figures up from outside.
    pub fn request(
        &self,
        api: &'static str,
        method: &'static str,
        resource: &'static str,
        status: u16,
        took: Duration,
    ) {
        self.requests.get_or_create(&RequestLabels { api, method, resource, status }).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// Counts a transaction.
    pub fn batch(&self, commands: usize, took: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a batch has a few hundred commands")]
        self.batch_commands.observe(commands as f64);
        self.batch_seconds.observe(took.as_secs_f64());
    }

    /// Counts an attempt to deliver a message: `taken`, `refused` or `failed`.
    pub fn callback(&self, result: &'static str) {
        self.callbacks.get_or_create(&CallbackLabels { result }).inc();
    }

    /// Counts a request to an oracle: `answered`, `failed`, or not sent because it is `left_alone` or `busy`.
    pub fn oracle(&self, result: &'static str) {
        self.oracles.get_or_create(&CallbackLabels { result }).inc();
    }

    /// Notes how many oracles are left alone.
    pub fn oracles_left_alone(&self, count: usize) {
        self.oracles_left_alone.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Notes how many messages wait in memory.
    pub fn callbacks_waiting(&self, waiting: usize) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Whether no message is in memory that is not delivered yet.
    pub(crate) fn is_all_delivered(&self) -> bool {
        self.waiting.get() == 0
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// All figures in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        self.uptime.set(self.uptime().as_secs_f64());
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(error) => {
                tracing::error!(%error, "the figures can't be written");
                String::from("# EOF\n")
            }
        }
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}
