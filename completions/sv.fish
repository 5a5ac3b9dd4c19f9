# sv.fish -- fish completion for sv(8) and its kin: commands, options, and
# services by the state in which the command makes sense.

function __sv_commands
    sv help 2>/dev/null | sed -n \
        -e 's/^sv \(\[-d dir\] \)\{0,1\}\[\{0,1\}\([a-z]\{1,\}\).*/\2/p' \
        -e 's/^ //p' | string split ' '
end

# The command on the line, if there is one.
function __sv_command
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case -d -w
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
                return 0
        end
        set -e words[1]
    end
    return 1
end

function __sv_scan_dir
    set -l words (commandline -opc)
    set -l at (contains -i -- -d $words)
    and set -q words[(math $at + 1)]
    and printf '%s\n' -d $words[(math $at + 1)]
end

function __sv_services
    set -l states .
    switch (__sv_command)
        case start up once
            set states '^(down|failed|restarting|unknown)$'
        case cont
            set states '^(paused|unknown)$'
        case stop down shutdown force-stop force-shutdown exit
            set states '^(up|ready|starting|stopping|waiting|restarting|unstable|paused|done|unknown)$'
        case pause hup alarm interrupt quit 1 2 term kill abort winch reload force-reload try-restart
            set states '^(up|ready|starting|stopping|unstable|paused|unknown)$'
    end
    sv (__sv_scan_dir) status 2>/dev/null </dev/null | while read -l -d \t name state rest
        string match -qr $states -- $state; and printf '%s\t%s\n' $name $state
    end
end

function __sv_is
    set -l command (__sv_command); and contains -- $command $argv
end

function __sv_is_other
    set -l command (__sv_command); and not contains -- $command $argv
end

complete -c sv -f
complete -c sv -s d -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c sv -s v -d 'wait, and report'
complete -c sv -s w -x -d 'wait so long at most'
complete -c sv -l json -d 'for programs'
complete -c sv -n 'not __sv_command >/dev/null' -a '(__sv_commands)'
complete -c sv -n '__sv_is check' -l all -d 'whether all is well'
complete -c sv -n '__sv_is check' -l startup -d 'was everything ready once?'
complete -c sv -n '__sv_is check' -l live -d 'does svscan answer?'
complete -c sv -n '__sv_is check' -l ready -d 'is everything ready now?'
complete -c sv -n '__sv_is_other add try graph import help top' -a '(__sv_services)'
complete -c sv -n '__sv_is explain' -a '(sv explain 2>/dev/null | cut -f 1)'
complete -c sv -n '__sv_is allow' -a '(__fish_complete_groups)'
complete -c sv -n '__sv_is graph import' -F
for name in svc svok svstat svup svwait
    complete -c $name -x -a '(__fish_complete_directories)'
end
