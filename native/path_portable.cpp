#define TUTELA_PATH kPathPortable
#define TUTELA_PATH_NAME "portable"
#define TUTELA_JOIN kJoinPortable
#include "path_body.h"
#include "join_body.h"
