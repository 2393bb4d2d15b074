//! The writes of a batch: one statement a table, sent together.

use tokio_postgres::types::ToSql;

use crate::session::Session;

/// A parameter of a statement.
pub(crate) type Parameter = Box<dyn ToSql + Sync + Send>;

/// Statements in the order in which they are to be run.
#[derive(Default)]
pub(crate) struct Writes(Vec<(&'static str, Vec<Parameter>)>);

/// Boxes the parameters of a statement.
macro_rules! parameters {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as Box<dyn tokio_postgres::types::ToSql + Sync + Send>),*]
    };
}
pub(crate) use parameters;

impl Writes {
    /// Adds a statement.
    pub(crate) fn push(&mut self, sql: &'static str, parameters: Vec<Parameter>) {
        self.0.push((sql, parameters));
    }

    /// Prepares what is not prepared yet, so that all can be sent without waiting.
    pub(crate) async fn prepare(&self, session: &Session) -> Result<(), tokio_postgres::Error> {
        for (sql, _) in &self.0 {
            session.prepare(&[*sql]).await?;
        }
        Ok(())
    }

    /// Runs the statements; the first error is that of the first one that failed. To be joined with what follows.
    pub(crate) async fn run(&self, session: &Session) -> Result<(), tokio_postgres::Error> {
        let all = self.0.iter().map(|(sql, parameters)| async move {
            let parameters: Vec<_> = parameters.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
            session.execute(sql, &parameters).await
        });
        // Polled in this order for the first time, so sent in this order.
        let results = futures_util::future::join_all(all).await;
        results.into_iter().try_for_each(|result| result.map(drop))
    }
}
