/*
 * place.h -- where the environment of a container is kept as files, unless
 * somebody says otherwise: svscanboot writes it, with-contenv reads it.
 */
#ifndef BOOT_PLACE_H
#define BOOT_PLACE_H

#define BOOT_ENVIRONMENT "/run/holdfast/environment"

#endif
