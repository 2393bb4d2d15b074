<?php
// Every request comes here. A visitor who says nothing is asked to log in at the server that ADMINER_DEFAULT_SERVER names.
if (($_SERVER['QUERY_STRING'] ?? '') === '' && $_SERVER['REQUEST_METHOD'] === 'GET') {
    header('Location: ?' . http_build_query(['pgsql' => getenv('ADMINER_DEFAULT_SERVER') ?: 'db']));
    exit;
}

function adminer_object()
{
    include '/usr/share/adminer/plugins/plugin.php';
    include '/usr/share/adminer/plugins/version-noverify.php';
    return new AdminerPlugin([new AdminerVersionNoverify()]);
}

include '/usr/share/adminer/adminer.php';
