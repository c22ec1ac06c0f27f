//! Traces, sent to whoever gathers them (the OpenTelemetry Protocol over HTTP).

use std::future::ready;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::http::{Request, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use rustls::crypto::ring::default_provider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use crate::spans;

/// How long one request with spans may take.
const SEND_TIME: Duration = Duration::from_secs(10);

/// The most bytes of what a collector answers.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// How long the last ones are waited for at the end.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// Where traces are gathered, such as `http://127.0.0.1:4318`.
#[derive(Clone, Debug)]
pub struct Collector(Url);

impl FromStr for Collector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("{error}, as in http://HOST:4318"))?;
        let is_base = url.query().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_base {
            Ok(Self(url))
        } else {
            Err("an address of http or https, as in http://HOST:4318".to_owned())
        }
    }
}

impl Collector {
    /// Where spans go: the address is the base of those of all signals (OpenTelemetry Protocol Exporter,
    /// "Endpoint URLs for OTLP/HTTP").
    fn traces(&self) -> String {
        format!("{}/v1/traces", self.0.as_str().trim_end_matches('/'))
    }
}

/// Sends spans, in the background. Those that can't be sent are lost: nobody waits for them.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Sends them there. What the environment says for all such programs counts, such as
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME` and `OTEL_TRACES_SAMPLER`.
    pub fn open(to: &Collector) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(to.traces())
            .build()
            .context("can't send traces")?;
        let resource = Resource::builder();
        let said = |name: &str| std::env::var(name).unwrap_or_default();
        let is_named = !said("OTEL_SERVICE_NAME").is_empty()
            || said("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=");
        let resource = if is_named {
            resource
        } else {
            resource.with_service_name(env!("CARGO_PKG_NAME"))
        };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Ok(Self { provider, tracer })
    }

    /// What makes the spans.
    pub fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(spans::TARGET, LevelFilter::DEBUG))
    }

    /// Sends what is left.
    pub fn flush(&self) {
        // What is not sent in time is lost.
        let _ = self.provider.shutdown_with_timeout(FLUSH_TIME);
    }
}

/// Sends requests, and waits for each: it has a thread to itself.
#[derive(Debug)]
struct Sender {
    agent: Agent,
    /// Whether the latest was not taken: that is told once.
    is_lost: AtomicBool,
}

impl Sender {
    fn new() -> Self {
        // Those that can't be read are not trusted.
        let trusted = rustls_native_certs::load_native_certs().certs;
        let trusted = trusted
            .iter()
            .map(|der| Certificate::from_der(der).to_owned());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(trusted))
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .build();
        let agent = Agent::config_builder()
            .timeout_global(Some(SEND_TIME))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build();
        Self {
            agent: agent.new_agent(),
            is_lost: AtomicBool::new(false),
        }
    }

    fn send_and_tell(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request);
        let why = match &sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(response.status().to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_lost = self.is_lost.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !was_lost => tracing::warn!(why, "traces are lost: they can't be sent"),
            None if was_lost => tracing::info!("traces are sent again"),
            _ => {}
        }
        sent
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.agent.run(request.map(|body| body.to_vec()))?;
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> BoxFuture<'b, Result<Response<Bytes>, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(ready(self.send_and_tell(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_below_the_address() {
        for (said, meant) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            (
                "https://a.example/otlp/",
                "https://a.example/otlp/v1/traces",
            ),
        ] {
            let collector: Collector = said.parse().expect("an address");
            assert_eq!(collector.traces(), meant);
        }
        for wrong in [
            "",
            "127.0.0.1:4318",
            "localhost:4318",
            "ftp://a.example",
            "http://a.example?x",
        ] {
            assert!(wrong.parse::<Collector>().is_err(), "{wrong}");
        }
    }
}
