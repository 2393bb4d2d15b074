//! How large the parts of a hub are, from the payments per second that it is to carry. Every number says why.

use serde::Serialize;

use crate::{Hub, StoreKind, formats};

/// CPU that a payment (lookup, quote, transfer) takes in the hub, in microseconds. With the database's it is the budget of
/// 1.2 ms a payment, of which 0.7 to 1 ms are used from 750 payments/s on (docs/performance.md). At 100/s it is 5 ms, since
/// batches are small: the smallest reservations cover that.
const HUB_MICROS_PER_PAYMENT: u64 = 700;
/// CPU that a payment takes in the database, in microseconds.
const DATABASE_MICROS_PER_PAYMENT: u64 = 500;
/// Bytes that stay in the store of a payment.
const STORED_BYTES_PER_PAYMENT: u64 = 3_000;
/// Bytes of write-ahead log that a payment makes.
const WAL_BYTES_PER_PAYMENT: u64 = 6_000;
/// Write-ahead log that is kept, for a replica or an archive that is away: seconds of the busiest load.
const WAL_SECONDS: u64 = 3_600;
/// The busiest second has this many times the payments of the average one.
const PEAK_TO_AVERAGE: u64 = 5;
/// Spare cores: half of what is reserved is idle in the busiest second, so that latency stays low and a restart catches up.
const HEADROOM: u64 = 2;
/// The most that one hub node reserves; above, there are more nodes.
const MAX_NODE_MILLIS: u64 = 4_000;
/// Payments per second from which a hub has a second node, and from which a third.
const SECOND_NODE_FROM: u64 = 100;
const THIRD_NODE_FROM: u64 = 1_000;
/// Memory of a hub besides its payments: 63 MB measured at 2100 payments/s, 185 MB with 6144 connections, rounded up.
const BASE_MEMORY_MIB: u64 = 256;
/// Memory of a payment's messages while they are under way: 64 KiB for one second.
const MEMORY_KIB_PER_PAYMENT: u64 = 64;
/// CPU that a cluster's node keeps for itself: the kubelet, the network, log shipping.
const SYSTEM_MILLIS: u64 = 1_000;

const BYTES_PER_GIB: u64 = 1 << 30;
const SECONDS_PER_DAY: u64 = 86_400;

/// How large the parts of a hub are. CPU in thousandths of a core, memory in MiB, disks in GiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Hub nodes (replicas). Exactly 1 with SQLite.
    pub hub_nodes: u32,
    /// CPU that each hub node reserves.
    pub cpu_millis: u64,
    /// CPU that a hub node may use at most.
    pub cpu_limit_millis: u64,
    /// Memory of each hub node, reserved and at most.
    pub memory_mib: u64,
    /// The hub's volume: the store with SQLite, 0 with PostgreSQL.
    pub disk_gib: u64,
    /// The database, if it is PostgreSQL; with SQLite what it would be.
    pub database: DatabaseSize,
    /// Nodes of the Kubernetes cluster.
    pub cluster_nodes: u32,
    /// Classes of machines on AWS.
    pub aws: AwsSize,
    /// Why each number is what it is.
    pub reasons: Vec<Reason>,
}

/// How large a PostgreSQL server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatabaseSize {
    /// CPU.
    pub cpu_millis: u64,
    /// Memory.
    pub memory_mib: u64,
    /// The volume: data, write-ahead log and free space.
    pub disk_gib: u64,
}

/// Classes of machines on AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AwsSize {
    /// Of each node of the cluster.
    pub node_class: &'static str,
    /// Of each instance of the database.
    pub database_class: &'static str,
}

/// Why a number is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which number, by its field.
    pub what: &'static str,
    /// The number with its unit.
    pub value: String,
    /// The arithmetic, as a sentence.
    pub because: String,
}

/// Sizes a hub. More payments per second never make anything smaller.
pub fn size(hub: &Hub) -> Size {
    Sizing::of(hub).size()
}

/// What the numbers follow from.
struct Sizing {
    rate: u64,
    retention: String,
    retention_days: u64,
    sqlite: bool,
}

impl Sizing {
    fn of(hub: &Hub) -> Sizing {
        let retention = hub.sizing.retention.clone();
        Sizing {
            rate: u64::from(hub.sizing.payments_per_second),
            // The form was checked; a hub that was made by hand without it keeps a day.
            retention_days: formats::retention_days(&retention).unwrap_or(1),
            retention,
            sqlite: hub.store.kind == StoreKind::Sqlite,
        }
    }

    fn size(&self) -> Size {
        let mut reasons = Vec::new();
        let (cpu_millis, cpu_limit_millis) = self.cpu(&mut reasons);
        let hub_nodes = self.hub_nodes(&mut reasons);
        let memory_mib = self.memory(&mut reasons);
        let store_gib = self.disk_of_store(&mut reasons);
        let database = self.database(store_gib, &mut reasons);
        let cluster_nodes = self.cluster_nodes(hub_nodes, &mut reasons);
        let aws = aws(cpu_millis, memory_mib, &database, &mut reasons);
        let disk_gib = if self.sqlite { store_gib } else { 0 };
        Size { hub_nodes, cpu_millis, cpu_limit_millis, memory_mib, disk_gib, database, cluster_nodes, aws, reasons }
    }

    /// CPU of a payment in a hub node, in microseconds: SQLite is inside it.
    fn hub_micros(&self) -> u64 {
        HUB_MICROS_PER_PAYMENT + if self.sqlite { DATABASE_MICROS_PER_PAYMENT } else { 0 }
    }

    /// CPU that all hub nodes need together.
    fn all_millis(&self) -> u64 {
        (self.rate * self.hub_micros() * HEADROOM).div_ceil(1_000)
    }

    fn cpu(&self, reasons: &mut Vec<Reason>) -> (u64, u64) {
        let needed = self.all_millis();
        // One node cannot share with others, however much it is.
        let most = if self.sqlite { u64::MAX } else { MAX_NODE_MILLIS };
        let reserved = step_up(needed, 250).min(most);
        let limit = (reserved * 2).max(1_000);
        let inside = if self.sqlite { " (hub and SQLite)" } else { "" };
        let shared = if needed > most {
            format!("; a node reserves at most {most}m, the rest is other nodes'")
        } else {
            String::new()
        };
        let because = format!(
            "{} payments/s × {} ms of CPU{inside} × {HEADROOM} so that half is idle = {needed}m, in steps of 250m{shared}",
            self.rate,
            millis(self.hub_micros()),
        );
        reasons.push(reason("cpu_millis", format!("{reserved}m"), because));
        let because = format!("twice the {reserved}m that are reserved, at least 1000m, for starts and bursts");
        reasons.push(reason("cpu_limit_millis", format!("{limit}m"), because));
        (reserved, limit)
    }

    fn hub_nodes(&self, reasons: &mut Vec<Reason>) -> u32 {
        let (nodes, because) = if self.sqlite {
            (1, "SQLite is a file of one machine, so exactly one hub node uses it".to_owned())
        } else {
            let for_load = self.all_millis().div_ceil(MAX_NODE_MILLIS).max(1);
            let for_loss = self.nodes_for_loss();
            let spare = u64::from(for_loss > 1);
            let nodes = (for_load + spare).max(for_loss);
            let because = format!(
                "{for_load} for the load, {spare} more for a node that is lost; at least {for_loss} at {} payments/s \
                 (2 from {SECOND_NODE_FROM}/s, 3 from {THIRD_NODE_FROM}/s), so that losing one is no failover",
                self.rate
            );
            (nodes, because)
        };
        reasons.push(reason("hub_nodes", nodes.to_string(), because));
        u32::try_from(nodes).unwrap_or(u32::MAX)
    }

    fn nodes_for_loss(&self) -> u64 {
        match self.rate {
            rate if rate >= THIRD_NODE_FROM => 3,
            rate if rate >= SECOND_NODE_FROM => 2,
            _ => 1,
        }
    }

    fn memory(&self, reasons: &mut Vec<Reason>) -> u64 {
        let messages = (self.rate * MEMORY_KIB_PER_PAYMENT).div_ceil(1_024);
        let memory = step_up(BASE_MEMORY_MIB + messages, 128);
        let because = format!(
            "{BASE_MEMORY_MIB} MiB for the hub itself (185 MB measured with 6144 connections) + {} payments/s × \
             {MEMORY_KIB_PER_PAYMENT} KiB of messages under way for a second = {} MiB, in steps of 128 MiB",
            self.rate,
            BASE_MEMORY_MIB + messages
        );
        reasons.push(reason("memory_mib", format!("{memory} MiB"), because));
        memory
    }

    /// The disk of the store, whichever it is.
    fn disk_of_store(&self, reasons: &mut Vec<Reason>) -> u64 {
        let payments = (self.rate * SECONDS_PER_DAY).div_ceil(PEAK_TO_AVERAGE).saturating_mul(self.retention_days);
        let data_gib = payments.saturating_mul(STORED_BYTES_PER_PAYMENT).div_ceil(BYTES_PER_GIB);
        let wal_gib = (self.rate * WAL_BYTES_PER_PAYMENT * WAL_SECONDS).div_ceil(BYTES_PER_GIB);
        let needed = (data_gib + wal_gib) * 5 / 4;
        let disk = disk_step(needed);
        let because = format!(
            "{} payments/s in the busiest second, a {PEAK_TO_AVERAGE}th of it on average (assumed), for {} × {} KB = \
             {data_gib} GiB, + {wal_gib} GiB of write-ahead log (an hour of the busiest load × {} KB), + a quarter free",
            self.rate,
            self.retention,
            STORED_BYTES_PER_PAYMENT / 1_000,
            WAL_BYTES_PER_PAYMENT / 1_000,
        );
        let (what, elsewhere) =
            if self.sqlite { ("disk_gib", "database.disk_gib") } else { ("database.disk_gib", "disk_gib") };
        reasons.push(reason(what, format!("{disk} GiB"), because));
        let (value, because) = match self.sqlite {
            true => (format!("{disk} GiB"), "only with PostgreSQL: then it would hold what SQLite's volume holds"),
            false => ("0 GiB".to_owned(), "the hub's nodes keep nothing: the books are in PostgreSQL"),
        };
        reasons.push(reason(elsewhere, value, because.to_owned()));
        disk
    }

    fn database(&self, disk_gib: u64, reasons: &mut Vec<Reason>) -> DatabaseSize {
        let needed = (self.rate * DATABASE_MICROS_PER_PAYMENT * HEADROOM).div_ceil(1_000);
        let cpu_millis = step_up(needed, 500);
        let memory_mib = 1_024 + cpu_millis * 4_096 / 1_000;
        let only = if self.sqlite { "only with PostgreSQL: " } else { "" };
        let because = format!(
            "{only}{} payments/s × {} ms of CPU × {HEADROOM} so that half is idle = {needed}m, in steps of 500m",
            self.rate,
            millis(DATABASE_MICROS_PER_PAYMENT),
        );
        reasons.push(reason("database.cpu_millis", format!("{cpu_millis}m"), because));
        let because = format!("{only}1024 MiB + 4096 MiB a core, so that the pages in use stay in memory");
        reasons.push(reason("database.memory_mib", format!("{memory_mib} MiB"), because));
        DatabaseSize { cpu_millis, memory_mib, disk_gib }
    }

    fn cluster_nodes(&self, hub_nodes: u32, reasons: &mut Vec<Reason>) -> u32 {
        let (nodes, because) = match self.sqlite {
            true => {
                (1, "one hub node needs one node of the cluster; a second would not keep SQLite running".to_owned())
            }
            false if self.nodes_for_loss() > 1 => (
                hub_nodes.max(3),
                format!("{hub_nodes} hub nodes each on a node of its own, at least 3 for a quorum after a loss"),
            ),
            false => (1, format!("below {SECOND_NODE_FROM} payments/s one node carries everything")),
        };
        reasons.push(reason("cluster_nodes", nodes.to_string(), because));
        nodes
    }
}

/// Machines of AWS, from small to large: class, CPU in thousandths of a core, memory in MiB.
type Class = (&'static str, u64, u64);
const NODE_CLASSES: [Class; 5] = [
    ("m7i.large", 2_000, 8_192),
    ("m7i.xlarge", 4_000, 16_384),
    ("m7i.2xlarge", 8_000, 32_768),
    ("m7i.4xlarge", 16_000, 65_536),
    ("m7i.16xlarge", 64_000, 262_144),
];
const DATABASE_CLASSES: [Class; 6] = [
    ("db.t4g.medium", 1_000, 4_096),
    ("db.r7g.large", 2_000, 16_384),
    ("db.r7g.xlarge", 4_000, 32_768),
    ("db.r7g.2xlarge", 8_000, 65_536),
    ("db.r7g.4xlarge", 16_000, 131_072),
    ("db.r7g.8xlarge", 32_000, 262_144),
];

fn aws(cpu_millis: u64, memory_mib: u64, database: &DatabaseSize, reasons: &mut Vec<Reason>) -> AwsSize {
    let needed = cpu_millis + SYSTEM_MILLIS;
    let node_class = class(&NODE_CLASSES, needed, memory_mib * 2);
    let because = format!(
        "a hub node's {cpu_millis}m + {SYSTEM_MILLIS}m for the system = {needed}m, and twice its {memory_mib} MiB"
    );
    reasons.push(reason("aws.node_class", node_class.to_owned(), because));
    // A database of AWS brings its own system's share; its memory is counted in cores above already.
    let database_class = class(&DATABASE_CLASSES, database.cpu_millis, 0);
    let because =
        format!("the smallest with {}m of CPU; the t class is counted half, because it bursts", database.cpu_millis);
    reasons.push(reason("aws.database_class", database_class.to_owned(), because));
    AwsSize { node_class, database_class }
}

/// The smallest class that is enough; the largest that there is if none is.
fn class(classes: &[Class], cpu_millis: u64, memory_mib: u64) -> &'static str {
    let enough = classes.iter().find(|(_, cpu, memory)| *cpu >= cpu_millis && *memory >= memory_mib);
    enough.or(classes.last()).expect("there are classes").0
}

fn reason(what: &'static str, value: String, because: String) -> Reason {
    Reason { what, value, because }
}

fn millis(micros: u64) -> String {
    let text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next whole step, at least one.
fn step_up(value: u64, step: u64) -> u64 {
    value.max(1).div_ceil(step) * step
}

/// Disks come in steps of 10 GiB to 100, of 50 to 1000, of 100 above.
fn disk_step(gib: u64) -> u64 {
    match gib {
        0..=100 => step_up(gib, 10),
        101..=1_000 => step_up(gib, 50),
        _ => step_up(gib, 100),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn sized(rate: u32, retention: &str, kind: StoreKind) -> Size {
        let text = "{apiVersion: mojaloop/v1, kind: Hub, metadata: {name: a}}";
        let mut hub = crate::load_text(Path::new("hub.yaml"), text).unwrap().hub;
        hub.sizing = crate::Sizing { payments_per_second: rate, retention: retention.to_owned() };
        hub.store.kind = kind;
        size(&hub)
    }

    #[test]
    fn by_hand() {
        // 1000/s: 1000 × 0.7 ms × 2 = 1400m -> 1500m; 256 + 62.5 MiB -> 384; 200/s × 90 d × 3 KB = 4345 GiB, WAL 21.
        let size = sized(1_000, "90d", StoreKind::Postgres);
        assert_eq!((size.hub_nodes, size.cpu_millis, size.cpu_limit_millis, size.memory_mib), (3, 1_500, 3_000, 384));
        assert_eq!((size.disk_gib, size.cluster_nodes), (0, 3));
        assert_eq!(size.database, DatabaseSize { cpu_millis: 1_000, memory_mib: 5_120, disk_gib: 5_500 });
        // 1/s: the smallest steps; 17280 payments a day × 3 KB × 1 d and the log are below 1 GiB each.
        let size = sized(1, "1d", StoreKind::Sqlite);
        assert_eq!((size.hub_nodes, size.cpu_millis, size.memory_mib, size.disk_gib), (1, 250, 384, 10));
        assert_eq!(size.aws.node_class, "m7i.large");
    }

    #[test]
    fn nodes_outlast_a_loss() {
        for (rate, expect) in [(1, 1), (99, 1), (100, 2), (999, 2), (1_000, 3), (20_000, 8)] {
            assert_eq!(sized(rate, "90d", StoreKind::Postgres).hub_nodes, expect, "{rate}");
            assert_eq!(sized(rate, "90d", StoreKind::Sqlite).hub_nodes, 1, "{rate}");
        }
    }

    #[test]
    fn every_number_has_its_reason() {
        for kind in [StoreKind::Sqlite, StoreKind::Postgres] {
            let size = sized(500, "7y", kind);
            let mut what: Vec<&str> = size.reasons.iter().map(|reason| reason.what).collect();
            what.sort_unstable();
            let expect = [
                "aws.database_class",
                "aws.node_class",
                "cluster_nodes",
                "cpu_limit_millis",
                "cpu_millis",
                "database.cpu_millis",
                "database.disk_gib",
                "database.memory_mib",
                "disk_gib",
                "hub_nodes",
                "memory_mib",
            ];
            assert_eq!(what, expect);
        }
    }

    fn numbers(size: &Size) -> Vec<u64> {
        let position = |classes: &[Class], name| classes.iter().position(|(class, ..)| *class == name).unwrap() as u64;
        let database = &size.database;
        vec![
            size.hub_nodes.into(),
            size.cpu_millis,
            size.cpu_limit_millis,
            size.memory_mib,
            size.disk_gib,
            database.cpu_millis,
            database.memory_mib,
            database.disk_gib,
            size.cluster_nodes.into(),
            position(&NODE_CLASSES, size.aws.node_class),
            position(&DATABASE_CLASSES, size.aws.database_class),
        ]
    }

    proptest! {
        #[test]
        fn more_payments_or_days_never_make_anything_smaller(
            rate in 1_u32..=20_000, more in 0_u32..=2_000, days in 1_u32..=10_950, later in 0_u32..=400, postgres: bool,
        ) {
            let kind = if postgres { StoreKind::Postgres } else { StoreKind::Sqlite };
            let less = sized(rate, &format!("{}d", days.min(9_999)), kind);
            let larger = sized((rate + more).min(20_000), &format!("{}d", (days + later).min(9_999)), kind);
            for (before, after) in numbers(&less).into_iter().zip(numbers(&larger)) {
                prop_assert!(before <= after, "{less:?} {larger:?}");
            }
            prop_assert!(larger.cpu_millis <= 48_000 && larger.hub_nodes <= 8 && larger.memory_mib <= 2_048);
        }
    }
}
