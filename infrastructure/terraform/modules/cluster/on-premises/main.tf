locals {
  hosts     = { for host in var.hosts : host.name => host }
  first     = [for host in var.hosts : host if contains(host.roles, "control-plane")][0]
  joiners   = { for host in var.hosts : host.name => host if host.name != local.first.name }
  directory = ".mojaloop-${var.name}"

  # Keys are read when a connection is made, and are neither in the plan nor in the state.
  private_key = var.ssh_private_key_file == null ? null : file(pathexpand(var.ssh_private_key_file))

  # Scripts need root; the user may be root or may become it without a password.
  as_root = "$([ \"$(id -u)\" = 0 ] || echo sudo -n) bash ${local.directory}"
}

# Every host is looked at before any host is changed.
resource "terraform_data" "check" {
  for_each = local.hosts

  triggers_replace = {
    address            = each.value.address
    minimum_cores      = var.minimum_cores
    minimum_memory_mib = var.minimum_memory_mib
    script             = filesha256("${path.module}/scripts/check.sh")
  }

  connection {
    host        = each.value.address
    port        = each.value.port
    user        = each.value.user
    host_key    = each.value.host_key
    private_key = local.private_key
    agent       = local.private_key == null
  }

  provisioner "remote-exec" {
    inline = ["mkdir -p -m 700 ${local.directory}"]
  }

  provisioner "file" {
    source      = "${path.module}/scripts/check.sh"
    destination = "${local.directory}/check.sh"
  }

  provisioner "remote-exec" {
    inline = ["${local.as_root}/check.sh ${var.minimum_cores} ${var.minimum_memory_mib}"]
  }
}

resource "terraform_data" "kubernetes" {
  for_each = local.hosts

  triggers_replace = {
    address = each.value.address
    version = var.kubernetes_version
    script  = filesha256("${path.module}/scripts/install.sh")
  }

  connection {
    host        = each.value.address
    port        = each.value.port
    user        = each.value.user
    host_key    = each.value.host_key
    private_key = local.private_key
    agent       = local.private_key == null
  }

  provisioner "file" {
    source      = "${path.module}/scripts/install.sh"
    destination = "${local.directory}/install.sh"
  }

  provisioner "remote-exec" {
    inline = ["${local.as_root}/install.sh ${var.kubernetes_version}"]
  }

  depends_on = [terraform_data.check]
}
