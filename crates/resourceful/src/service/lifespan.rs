//! [`Lifespan`]: the start and stop hooks of an application.

use std::pin::Pin;

use crate::error::Result;

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send>;

/// The hooks of an application, in the order of their registration.
#[derive(Default)]
pub(crate) struct Lifespan {
    on_start: Vec<Hook>,
    on_stop: Vec<Hook>,
}

impl Lifespan {
    pub(crate) fn push_start<F, Fut>(&mut self, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.on_start.push(Box::new(|| Box::pin(hook())));
    }

    pub(crate) fn push_stop<F, Fut>(&mut self, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.on_stop.push(Box::new(|| Box::pin(hook())));
    }

    /// Adds the hooks of a nested or mounted application, after the hooks so far.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.on_start.append(&mut other.on_start);
        self.on_stop.append(&mut other.on_stop);
    }

    /// Takes the start hooks. The stop hooks stay.
    pub(crate) fn take_start(&mut self) -> Self {
        Self {
            on_start: std::mem::take(&mut self.on_start),
            on_stop: Vec::new(),
        }
    }

    /// Runs the start hooks. Stops at the first error.
    pub(crate) async fn start(&mut self) -> Result<()> {
        for hook in std::mem::take(&mut self.on_start) {
            hook().await?;
        }
        Ok(())
    }

    /// Runs the stop hooks, the last registered first. An error is logged, and the next hook runs.
    pub(crate) async fn stop(self) {
        for hook in self.on_stop.into_iter().rev() {
            if let Err(error) = hook().await {
                tracing::error!(error = error.to_string(), "a stop hook failed");
            }
        }
    }
}
