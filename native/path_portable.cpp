#define TUTELA_PATH kPathPortable
#define TUTELA_PATH_NAME "portable"
#define TUTELA_JOIN kJoinPortable
#define TUTELA_GRIDS kGridsPortable
#include "path_body.h"
#include "join_body.h"
#include "grids_body.h"
