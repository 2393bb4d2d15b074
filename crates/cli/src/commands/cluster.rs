//! x
use crate::{arguments::{Global, tools::ClusterTool}, exit::Failure};
pub(crate) fn miniloop(_: ClusterTool, _: &Global) -> Result<(), Failure> { Err(Failure::bug("x")) }
pub(crate) fn helm(_: ClusterTool, _: &Global) -> Result<(), Failure> { Err(Failure::bug("x")) }
