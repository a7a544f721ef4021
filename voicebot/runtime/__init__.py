"""Running voicebot on a machine: processes, ports, and what must be right before and while it runs.

serve            `voicebot serve`: starts every part, keeps it running, stops it in order
child_processes  a part as a process: started, awaited, restarted, stopped
process          how every process of ours lives: one loop, ready, stopping, exit codes
ports            addresses to listen on, taken before anything starts
start_checks     settings that can never work; `serve` refuses to start with them
doctor           `voicebot doctor`: the same and more, one by one (check_…)
"""
