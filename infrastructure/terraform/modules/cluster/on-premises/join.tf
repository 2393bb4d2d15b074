# The operator chooses the token, because one that the first host made would have to travel through the state.
resource "terraform_data" "invitation" {
  count = length(local.joiners) > 0 ? 1 : 0

  triggers_replace = {
    joiners = { for name, host in local.joiners : name => host.address }
    script  = filesha256("${path.module}/scripts/invite.sh")
  }

  connection {
    host        = local.first.address
    port        = local.first.port
    user        = local.first.user
    host_key    = local.first.host_key
    private_key = local.private_key
    agent       = local.private_key == null
  }

  provisioner "file" {
    source      = "${path.module}/scripts/invite.sh"
    destination = "${local.directory}/invite.sh"
  }

  provisioner "file" {
    source      = pathexpand(var.join_token_file)
    destination = "${local.directory}/join-token"
  }

  provisioner "remote-exec" {
    inline = ["${local.as_root}/invite.sh ${local.directory}/join-token"]
  }

  depends_on = [terraform_data.kubernetes]
}

resource "terraform_data" "member" {
  for_each = local.joiners

  triggers_replace = {
    address = each.value.address
    first   = local.first.address
    worker  = !contains(each.value.roles, "control-plane")
    script  = filesha256("${path.module}/scripts/join.sh")
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
    source      = "${path.module}/scripts/join.sh"
    destination = "${local.directory}/join.sh"
  }

  provisioner "file" {
    source      = pathexpand(var.join_token_file)
    destination = "${local.directory}/join-token"
  }

  provisioner "remote-exec" {
    inline = ["${local.as_root}/join.sh ${local.first.address} ${local.directory}/join-token ${contains(each.value.roles, "control-plane") ? "control-plane" : "worker"}"]
  }

  depends_on = [terraform_data.invitation]
}

resource "terraform_data" "add_ons" {
  triggers_replace = {
    address = local.first.address
    script  = filesha256("${path.module}/scripts/add-ons.sh")
  }

  connection {
    host        = local.first.address
    port        = local.first.port
    user        = local.first.user
    host_key    = local.first.host_key
    private_key = local.private_key
    agent       = local.private_key == null
  }

  provisioner "file" {
    source      = "${path.module}/scripts/add-ons.sh"
    destination = "${local.directory}/add-ons.sh"
  }

  provisioner "remote-exec" {
    inline = ["${local.as_root}/add-ons.sh"]
  }

  depends_on = [terraform_data.member, terraform_data.kubernetes]
}
