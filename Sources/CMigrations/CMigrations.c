#include "CMigrations.h"

/* A new file in migrations/ needs its line here; a test compares the two. */
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char v001[] = {
#embed "../../migrations/v001_first_light.sql"
};

static const unsigned char v002[] = {
#embed "../../migrations/v002_nothing_lost.sql"
};

static const unsigned char v003[] = {
#embed "../../migrations/v003_anchors.sql"
};
static const unsigned char v004[] = {
#embed "../../migrations/v004_rows.sql"
};
static const unsigned char v005[] = {
#embed "../../migrations/v005_administration.sql"
};

static const cmigration migrations[] = {
    {"v001_first_light", v001, sizeof v001},
    {"v002_nothing_lost", v002, sizeof v002},
    {"v003_anchors", v003, sizeof v003},
    {"v004_rows", v004, sizeof v004},
    {"v005_administration", v005, sizeof v005},
};

const size_t cmigrations_count = sizeof migrations / sizeof migrations[0];
const cmigration *cmigration_at(size_t index) { return &migrations[index]; }
