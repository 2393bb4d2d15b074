//! The storage class that the hub's volume comes from.

use k8s_openapi::api::storage::v1::StorageClass;
use kube::{Api, api::ListParams};
use operations::Failure;

use crate::{Cluster, Wanted, client::refused};

/// Marks the class of claims that name none.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// Provisioners that make folders of the node's root and do not give them to a pod's group.
const WITHOUT_OWNER: [&str; 1] = ["kubernetes.io/host-path"];
/// The first minor version that has user namespaces without being asked to.
const USER_NAMESPACES: u32 = 33;

/// All classes of the cluster.
pub(crate) async fn classes(cluster: &Cluster) -> Result<Vec<StorageClass>, Failure> {
    let classes: Api<StorageClass> = Api::all(cluster.client.clone());
    let listed = classes.list(&ListParams::default()).await;
    Ok(listed.map_err(|error| refused("list the storage classes", &error))?.items)
}

/// The class of this name, else the cluster's default.
pub(crate) fn chosen<'a>(classes: &'a [StorageClass], name: Option<&str>) -> Option<&'a StorageClass> {
    let is_default = |class: &&StorageClass| {
        let annotations = class.metadata.annotations.as_ref();
        annotations.and_then(|all| all.get(DEFAULT_CLASS)).is_some_and(|is| is == "true")
    };
    match name {
        Some(name) => classes.iter().find(|class| class.metadata.name.as_deref() == Some(name)),
        None => classes.iter().find(is_default),
    }
}

/// Whether only root could write to a volume of this class.
pub(crate) fn ignores_owner(class: &StorageClass) -> bool {
    WITHOUT_OWNER.contains(&class.provisioner.as_str())
}

/// Whether pods may have user namespaces.
pub(crate) fn has_user_namespaces(cluster: &Cluster) -> bool {
    cluster.version.major > 1 || cluster.version.minor >= USER_NAMESPACES
}

/// Lets the hub write to its volume where the volume's class gives it to nobody but root.
pub(crate) async fn adapt(wanted: &mut Wanted, cluster: &Cluster) -> Result<(), Failure> {
    let classes = classes(cluster).await?;
    let class = chosen(&classes, wanted.values.hub.persistence.storage_class_name.as_deref());
    wanted.values.hub.user_namespace = class.is_some_and(ignores_owner) && has_user_namespaces(cluster);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn class(name: &str, provisioner: &str, default: bool) -> StorageClass {
        let mut class = StorageClass { provisioner: provisioner.to_owned(), ..StorageClass::default() };
        class.metadata.name = Some(name.to_owned());
        class.metadata.annotations = Some(BTreeMap::from([(DEFAULT_CLASS.to_owned(), default.to_string())]));
        class
    }

    #[test]
    fn the_named_class_else_the_default_is_looked_at() {
        let classes = [class("fast", "ebs.csi.aws.com", false), class("standard", "kubernetes.io/host-path", true)];
        let ignores = |name| chosen(&classes, name).map(ignores_owner);
        assert_eq!(ignores(None), Some(true));
        assert_eq!(ignores(Some("fast")), Some(false));
        assert_eq!(ignores(Some("none")), None);
        assert!(chosen(&classes[..1], None).is_none());
    }
}
