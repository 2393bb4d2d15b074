//! Looks at hub, database and load while they work: [`Observer`].

use crate::{
    database::Database,
    machine::{Meter, Sample},
};

/// Looks at processes, and asks the database server.
pub(crate) struct Observer {
    meter: Meter,
    database: Option<Database>,
}

impl Observer {
    pub(crate) fn new(meter: Meter, database: Option<Database>) -> Observer {
        Observer { meter, database }
    }

    /// Everything.
    pub(crate) async fn sample(&self) -> Sample {
        let mut sample = self.processes(true).await;
        if let Some(database) = &self.database {
            // What a server does not tell is a figure less; that it was reached is known.
            sample.stored = database.stored().await.ok();
        }
        sample
    }

    /// The processes, not on a thread that carries messages: reading what the system says of them takes milliseconds.
    pub(crate) async fn processes(&self, with_memory: bool) -> Sample {
        let meter = self.meter.clone();
        let look = move || if with_memory { meter.sample() } else { meter.quick_sample() };
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// The connection to the database server.
    pub(crate) fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Whom it looks at.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }
}
