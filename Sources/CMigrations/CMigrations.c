#include "CMigrations.h"

/* A new file in migrations/ needs its line here; a test compares the two. */
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char v001[] = {
#embed "../../migrations/v001_first_light.sql"
};

static const cmigration migrations[] = {
    {"v001_first_light", v001, sizeof v001},
};

const size_t cmigrations_count = sizeof migrations / sizeof migrations[0];
const cmigration *cmigration_at(size_t index) { return &migrations[index]; }
