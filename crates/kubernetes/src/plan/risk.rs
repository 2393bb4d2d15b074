//! The worst that a change of an object can do: one table.

use operations::Risk::{self, Data, Irreversible, None, Restart};

/// Kind, the beginning of the field ("" is any), and the risk. The first line that fits counts.
const CHANGES: &[(&str, &str, Risk)] = &[
    // Pods are made from it: they are replaced, one after the other.
    ("StatefulSet", "spec.template", Restart),
    ("StatefulSet", "spec.replicas", Restart),
    ("StatefulSet", "spec.updateStrategy", None),
    ("StatefulSet", "spec.minReadySeconds", None),
    // Says whether a volume goes with its release.
    ("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy", Data),
    // Everything else of it can't be changed; it would have to be made anew.
    ("StatefulSet", "spec", Irreversible),
    ("Deployment", "spec.selector", Irreversible),
    ("Deployment", "spec.template", Restart),
    ("Deployment", "spec.replicas", Restart),
    ("PersistentVolumeClaim", "spec", Data),
    // Connections through it may break.
    ("Service", "spec.ports", Restart),
    ("Service", "spec.selector", Restart),
    ("Service", "spec.type", Restart),
    ("Service", "spec.clusterIP", Irreversible),
    // Existing flows that stay allowed are not touched.
    ("NetworkPolicy", "", None),
    // Pods read it when they start; what depends on it carries its checksum and is listed itself.
    ("ConfigMap", "", None),
    ("Secret", "", Restart),
];

/// Kind, and the risk of taking the object away.
const DELETIONS: &[(&str, Risk)] = &[
    ("PersistentVolumeClaim", Irreversible),
    ("StatefulSet", Restart),
    ("Deployment", Restart),
    ("Service", Restart),
    ("Secret", Irreversible),
];

/// The worst that a change of this field of such an object can do.
pub(crate) fn of_change(kind: &str, field: &str) -> Risk {
    let fits = |line: &&(&str, &str, Risk)| line.0 == kind && begins(field, line.1);
    CHANGES.iter().find(fits).map_or(None, |line| line.2)
}

/// The worst that taking away such an object can do.
pub(crate) fn of_deletion(kind: &str) -> Risk {
    DELETIONS.iter().find(|line| line.0 == kind).map_or(None, |line| line.1)
}

fn begins(field: &str, prefix: &str) -> bool {
    field.strip_prefix(prefix).is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_change_has_its_risk() {
        for (kind, field, risk) in [
            ("StatefulSet", "spec.template.spec.containers[hub].image", Restart),
            ("StatefulSet", "spec.volumeClaimTemplates", Irreversible),
            ("StatefulSet", "spec.serviceName", Irreversible),
            ("StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", Data),
            ("StatefulSet", "metadata.labels[\"helm.sh/chart\"]", None),
            ("Deployment", "spec.template.metadata.annotations[\"checksum/scheme\"]", Restart),
            ("PersistentVolumeClaim", "spec.resources.requests.storage", Data),
            ("Service", "metadata.annotations", None),
            ("Service", "spec.ports[fspiop].nodePort", Restart),
            ("NetworkPolicy", "spec.ingress", None),
            ("ConfigMap", "data[\"scheme.json\"]", None),
        ] {
            assert_eq!(of_change(kind, field), risk, "{kind} {field}");
        }
        assert_eq!(of_deletion("PersistentVolumeClaim"), Irreversible);
        assert_eq!(of_deletion("NetworkPolicy"), None);
    }

    #[test]
    fn a_prefix_ends_where_a_word_ends() {
        assert_eq!(of_change("Deployment", "spec.templates"), None);
    }
}
