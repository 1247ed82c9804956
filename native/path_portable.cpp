#define TUTELA_PATH kPathPortable
#define TUTELA_PATH_NAME "portable"
#define TUTELA_JOIN kJoinPortable
#define TUTELA_GRIDS kGridsPortable
#define TUTELA_JPEG kJpegPortable
#include "path_body.h"
#include "join_body.h"
#include "grids_body.h"
#include "jpeg_body.h"
