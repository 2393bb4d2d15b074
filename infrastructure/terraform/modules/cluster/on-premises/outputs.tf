output "cluster" {
  description = "The cluster, in the shape that the hub module takes whichever the provider."
  value = {
    provider                    = "on-premises"
    name                        = "${var.name}-cluster"
    endpoint                    = "https://${local.first.address}:16443"
    certificate_authority       = null # in the file that the command below prints
    kubernetes_version          = var.kubernetes_version
    zones                       = 1
    storage_class               = "microk8s-hostpath"
    image_repository            = null
    service_account_annotations = {}
    kubeconfig_command          = ["ssh", "-p", tostring(local.first.port), "${local.first.user}@${local.first.address}", "sudo", "-n", "microk8s", "config"]
  }

  depends_on = [terraform_data.add_ons]
}
