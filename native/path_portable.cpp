#define TUTELA_PATH kPathPortable
#define TUTELA_PATH_NAME "portable"
#include "path_body.h"
